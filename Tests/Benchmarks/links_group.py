"""Signed links: downloads with one against the same in C, and a thousand made at once against one."""

import json
import os
import time

import credentials
import load
import records
import sameness
from tools import Failure, note

GROUP = "links"
# A decision for each request, as the C program makes it.
SETTINGS = {"MEDIA_DECISION_CACHE": "0"}
# How many links a request makes, and how often each of the two kinds of request is sent in one round.
BATCH, BATCHES, SINGLES = 1000, 4, 80


def run(instance, peers, rounds, report):
    record = instance.upload(os.urandom(5120).hex().encode(), "link.txt", "text/plain")
    other = instance.upload(os.urandom(5120).hex().encode(), "other.txt", "text/plain")
    sameness.check(instance, peers, cases(instance, record, other))
    rates, costs = load.compare_with_c(instance, peers, path(instance.make_link(record)), {}, rounds)
    load.report_with_c(report, GROUP, "private file, 10 KB, signed link", rates, costs, goal=0.9)
    batches(instance, rounds, report, record)
    instance.delete(other)


def path(link):
    return "/m/" + link["url"].partition("/m/")[2]


# --- Downloads --------------------------------------------------------------------------------------------------------


def cases(instance, record, other):
    link = path(instance.make_link(record))
    expired = path(instance.make_link(record, expiresIn=1))
    revoked = instance.make_link(record, subject="revoked")
    instance.call("DELETE", f"/v1/media/{record['id']}/links/{revoked['id']}")
    ended = path(instance.make_link(other))
    instance.call("DELETE", f"/v1/media/{other['id']}/links")
    key = {"Authorization": instance.authorization}
    writer = {"Authorization": f"Bearer {instance.make_key('media:write')}"}
    # A link for a second ends within two.
    time.sleep(2.1)
    query = link.partition("?")[2]
    return [
        ("GET", link, {}, 200),
        ("HEAD", link, {}, 200),
        ("GET", link, {"Range": "bytes=0-0"}, 206),
        ("GET", link, writer, 200),
        ("GET", link, {"Cookie": "media_token=a.b.c"}, 200),
        ("GET", link.replace("&s=", "&&%73="), {}, 200),
        ("GET", link[:-1] + f"%{ord(link[-1]):02x}&", {}, 200),
        ("GET", expired, {}, 403),
        ("GET", expired, key, 200),
        ("GET", expired, writer, 403),
        ("GET", credentials.altered(expired), {}, 404),
        ("GET", path(revoked), {}, 403),
        ("GET", ended, {}, 403),
        ("GET", credentials.altered(link), {}, 404),
        ("GET", credentials.altered(link), writer, 403),
        ("GET", link[:-1], {}, 404),
        ("GET", link + "%4", {}, 404),
        ("GET", link + "&x=1", {}, 404),
        ("GET", f"{link}&{query}", {}, 404),
        ("GET", link.replace("e=", "e=1"), {}, 404),
        ("GET", link.replace("e=", "e=0"), {}, 404),
        ("GET", link.replace("&k=", "&k=0"), {}, 404),
        ("GET", link.replace("&l=", "&l=w"), {}, 404),
        ("GET", link.partition("&s=")[0], {}, 404),
        ("GET", f"/m/{other['id']}?{query}", {}, 404),
        ("GET", f"/m/no-id?{query}", {}, 404),
    ]


# --- Many at once -----------------------------------------------------------------------------------------------------


def batches(instance, rounds, report, record):
    """Links for a thousand files by one request, and for one file. All are new: one that is there costs less."""
    user = "bench-links"
    records.insert(instance, record, BATCH, user)
    ids = instance.sql(f"SELECT id FROM media WHERE user_id = '{user}'")
    many, one = [], []
    for round in range(rounds):
        orders = [
            {"links": [{"mediaId": id, "expiresIn": 3600, "subject": f"many {round} {number}"} for id in ids]}
            for number in range(BATCHES)]
        many.append(milliseconds(instance, ["/v1/links"] * BATCHES, orders))
        orders = [{"expiresIn": 3600, "subject": f"one {round}"}] * SINGLES
        one.append(milliseconds(instance, [f"/v1/media/{id}/links" for id in ids[:SINGLES]], orders))
        note(f"round {round + 1} of {rounds}: {BATCH} links {many[-1]:.1f} ms, one link {one[-1]:.2f} ms")
    # A thousand may take as long as twenty.
    report.compare(
        GROUP, f"{BATCH:,} links by one request", many, one, "one link", "ms/request", 1 / 20, more_is_better=False)


def milliseconds(instance, targets, orders):
    """How long a request takes, on the average, from its first byte to the end of its answer."""
    bodies = [json.dumps(order).encode() for order in orders]
    fields = {"Authorization": instance.authorization, "Content-Type": "application/json"}
    connection = instance.connection()
    connection.connect()
    start = time.monotonic()
    for target, body in zip(targets, bodies, strict=True):
        connection.request("POST", target, body, fields)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 201:
            raise Failure(f"POST {target} was answered with {response.status}: {answer[:1000]}")
    seconds = time.monotonic() - start
    connection.close()
    return seconds * 1000 / len(bodies)
