"""Downloads of a small file: `/m/…` with an API key against the same in C, `/p/…` against static nginx."""

import http.client
import os
import re

from tools import Failure, children, note, output, processor_seconds

GROUP = "delivery"
SECONDS = 3


def run(instance, peers, rounds, report):
    text = os.urandom(5120).hex().encode()
    private = instance.upload(text, "Übung “1”.txt", "text/plain")
    public = instance.upload(os.urandom(5120).hex().encode(), "public.txt", "text/plain", public=True)
    check_sameness(instance, peers, private, public)

    key = ["-H", f"Authorization: {instance.authorization}"]
    static = f"{peers.own_url}/blob/{instance.blob_name(private)}"
    targets = {
        "private": [f"{instance.url}/m/{private['id']}", *key],
        "C": [f"{peers.url}/m/{private['id']}", *key],
        "static": [static],
        "public": [public["url"]],
    }
    mariadb = instance.process("mariadb")
    # Who works for an answer.
    processes = {
        "private": {*instance.workers(), *children(instance.process("nginx")), mariadb},
        "C": {*children(peers.process.pid), *children(peers.nginx.pid), mariadb},
    }
    for target in targets.values():
        rate(target, 1)
    rates = {name: [] for name in targets}
    costs = {name: [] for name in processes}
    for round in range(rounds):
        for name, target in targets.items():
            before = processor_seconds(processes.get(name, []))
            rates[name].append(rate(target, SECONDS))
            if name in processes:
                used = processor_seconds(processes[name]) - before
                costs[name].append(used / (rates[name][-1] * SECONDS) * 1e6)
        note(f"round {round + 1} of {rounds}: " + ", ".join(f"{name} {rates[name][-1]:,.0f}/s" for name in targets))

    unit = "requests/s"
    report.compare(GROUP, "private file, 10 KB, API key", rates["private"], rates["C"], "the same in C", unit, goal=0.95)
    # Less at the mercy of what else the machine does than the rate is.
    report.compare(
        GROUP, "the same: workers, nginx and MariaDB", costs["private"], costs["C"], "the same in C", "CPU µs/request",
        more_is_better=False)
    report.compare(GROUP, "private file, 10 KB, API key", rates["private"], rates["static"], "nginx static", unit)
    report.compare(GROUP, "public file, 10 KB", rates["public"], rates["static"], "nginx static", unit)
    instance.delete(private)
    instance.delete(public)


def rate(target, seconds):
    """Requests a second that 32 connections get answered."""
    text = output("wrk", "-c32", "-t2", f"-d{seconds}s", *target)
    if fault := re.search(r"Non-2xx.*|Socket errors: connect [^0].*", text):
        raise Failure(f"{target[0]}: {fault[0]}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def check_sameness(instance, peers, private, public):
    """The C program has to do the same work: every answer is ours, but for the request's id and the date."""
    note("comparing the answers of both")
    good = instance.authorization
    writer = f"Bearer {instance.make_key('media:write')}"
    unknown = "c" + "0" * 24
    etag = exchange(instance.port, "GET", private["id"], {"Authorization": good})[1]["etag"]
    cases = [
        ("GET", private["id"], {"Authorization": good}, 200),
        ("GET", private["id"], {"Authorization": good.replace("Bearer", "bearer")}, 200),
        ("HEAD", private["id"], {"Authorization": good}, 200),
        ("GET", private["id"], {"Authorization": good, "Range": "bytes=0-0"}, 206),
        ("GET", private["id"], {"Authorization": good, "If-None-Match": etag}, 304),
        ("GET", public["id"], {}, 200),
        ("GET", public["id"], {"Authorization": writer}, 200),
        ("GET", private["id"], {}, 404),
        ("GET", private["id"], {"Authorization": writer}, 403),
        ("GET", private["id"], {"Authorization": good[:-1] + ("a" if good[-1] != "a" else "b")}, 401),
        ("GET", public["id"], {"Authorization": good[:-1]}, 401),
        ("GET", private["id"], {"Authorization": "Basic eDp4"}, 401),
        ("GET", unknown, {"Authorization": good}, 404),
        ("HEAD", unknown, {"Authorization": good}, 404),
        ("GET", "no-id", {"Authorization": good}, 404),
    ]
    for method, id, fields, status in cases:
        ours, theirs = (exchange(port, method, id, fields) for port in (instance.port, peers.port))
        if ours[0] != status or ours != theirs:
            raise Failure(f"{method} /m/{id} {list(fields)}: expected {status}, ours {ours}, in C {theirs}")


def exchange(port, method, id, fields):
    """Status, fields and body of an answer, without what differs between any two."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, f"/m/{id}", headers=fields)
    response = connection.getresponse()
    body = response.read()
    answer = {name.lower(): value for name, value in response.getheaders()}
    answer.pop("date")
    body = body.replace(answer.pop("x-request-id").encode(), b"ID")
    return response.status, answer, body
