"""Uploads against nginx's WebDAV PUT, which neither hashes nor records nor syncs; against PUT and fsync; and against PHP-FPM,
which does all of it."""

import hashlib
import http.client
import json
import os
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

import sameness
from instance import VIDEO
from peers_php import PHP
from tools import Failure, note, output

GROUP = "upload"
LARGE = 1 << 30
SMALL = 20_000
COUNT = 200
MANY = 10_000
PARALLEL = 8


def run(instance, peers, rounds, report):
    large(instance, peers, rounds, report)
    for parallel in (1, 8):
        small(instance, peers, rounds, report, parallel)
    many(instance, peers, rounds, report)


def sync(path):
    """Makes a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- One large file ------------------------------------------------------------------------------------------------------


def large(instance, peers, rounds, report):
    source = peers.folder / "source"
    make_source(source)
    ours, put, put_and_sync = [], [], []
    for round in range(rounds):
        # A content of its own: one that the store has would not be stored again.
        with open(source, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(64))
        ours.append(rate(upload_large(instance, source)))
        seconds, synced = put_large(peers, source)
        put.append(rate(seconds))
        put_and_sync.append(rate(synced))
        note(f"1 GiB, round {round + 1} of {rounds}: ours {ours[-1]:.0f} MB/s, WebDAV PUT {put[-1]:.0f} MB/s, "
             f"PUT and fsync {put_and_sync[-1]:.0f} MB/s")
    source.unlink()
    name = "1 GiB, raw body"
    report.compare(GROUP, name, ours, put, "nginx WebDAV PUT", "MB/s", goal=0.8)
    report.compare(GROUP, name, ours, put_and_sync, "WebDAV PUT + fsync", "MB/s")


def make_source(path):
    """A file that counts as a video, all of it in memory."""
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for _ in range(LARGE >> 20):
            file.write(block)
        file.seek(0)
        file.write(VIDEO)


def rate(seconds):
    return LARGE / seconds / 1e6


def curl(source, *words):
    """The seconds that an upload of `source` took, and the answer's body."""
    # What earlier rounds left to write is not this one's to wait for.
    os.sync()
    touch_memory(source.parent / "touched")
    start = time.monotonic()
    body = output("curl", "-sS", "-f", "-H", "Expect:", *words)
    return time.monotonic() - start, body


def touch_memory(path):
    """Has memory for a large file used and given back.

    The host of a virtual machine takes back what was not used for a while, and giving it again takes longer than writing
    to it: whoever comes second would win.
    """
    block = bytes(1 << 20)
    with open(path, "wb", buffering=0) as file:
        for _ in range((LARGE >> 20) * 5 // 4):
            file.write(block)
    path.unlink()


def upload_large(instance, source):
    seconds, body = curl(
        source, "-X", "POST", "-T", source, "-H", f"Authorization: {instance.authorization}", "-H", "Content-Type: video/mp4",
        instance.url + instance.upload_target("large.mp4"))
    record = json.loads(body)
    with open(source, "rb") as file:
        if record["sha256"] != hashlib.file_digest(file, "sha256").hexdigest():
            raise Failure("an upload's hash is not its file's")
    instance.delete(record)
    return seconds


def put_large(peers, source):
    """The seconds until nginx answered, and until its file was durable."""
    target = peers.folder / "dav/large"
    seconds, _ = curl(source, "-T", source, f"{peers.own_url}/dav/large")
    start = time.monotonic()
    sync(target)
    synced = seconds + time.monotonic() - start
    target.unlink()
    return seconds, synced


# --- Many small files ----------------------------------------------------------------------------------------------------


def small(instance, peers, rounds, report, parallel):
    def ours(connection, number):
        return instance.upload(body(), f"{number}.txt", "text/plain", connection=connection)

    def put(connection, number):
        connection.request("PUT", f"/dav/{number}", body())
        response = connection.getresponse()
        response.read()
        if response.status not in (201, 204):
            raise Failure(f"a PUT was answered with {response.status}")

    def put_and_sync(connection, number):
        put(connection, number)
        sync(peers.folder / f"dav/{number}")

    ways = {"ours": (ours, instance.port), "PUT": (put, peers.own_port), "PUT + fsync": (put_and_sync, peers.own_port)}
    rates = {name: [] for name in ways}
    for round in range(rounds):
        for name, (way, port) in ways.items():
            os.sync()
            start = time.monotonic()
            records = all_of(way, port, parallel, COUNT)
            rates[name].append(COUNT / (time.monotonic() - start))
            if name == "ours":
                for record in records:
                    instance.delete(record)
            else:
                for number in range(COUNT):
                    pathlib.Path(peers.folder / f"dav/{number}").unlink()
        note(f"20 KB, {parallel} at once, round {round + 1} of {rounds}: "
             + ", ".join(f"{name} {rates[name][-1]:.0f}/s" for name in ways))
    name = f"{COUNT} of 20 KB, " + ("one by one" if parallel == 1 else f"{parallel} at once")
    report.compare(GROUP, name, rates["ours"], rates["PUT"], "nginx WebDAV PUT", "files/s")
    report.compare(GROUP, name, rates["ours"], rates["PUT + fsync"], "WebDAV PUT + fsync", "files/s")


def body():
    return os.urandom(SMALL // 2).hex().encode()


def all_of(way, port, parallel, count):
    """Does so many uploads on `parallel` connections; their results."""

    def share(first):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        results = [way(connection, number) for number in range(first, count, parallel)]
        connection.close()
        return results

    with ThreadPoolExecutor(parallel) as threads:
        return [result for results in threads.map(share, range(parallel)) for result in results]


# --- Ten thousand of them, against PHP -----------------------------------------------------------------------------------


def many(instance, peers, rounds, report):
    """So many by all rounds together. What was uploaded stays until all rounds are over."""
    count = -(-MANY // rounds)
    with PHP(peers) as php:
        check_answers(instance, php)

        def ours(connection, number):
            made.append(post(instance, connection, instance.upload_target(f"{number}.txt")))

        def theirs(connection, number):
            post(instance, connection, php.upload_target(f"{number}.txt"))

        made, rates = [], {"ours": [], "PHP-FPM": []}
        for round in range(rounds):
            for name, way, port in (("ours", ours, instance.port), ("PHP-FPM", theirs, php.port)):
                os.sync()
                start = time.monotonic()
                all_of(way, port, PARALLEL, count)
                rates[name].append(count / (time.monotonic() - start))
            note(f"{count:,} of 20 KB, round {round + 1} of {rounds}: "
                 + ", ".join(f"{name} {rates[name][-1]:.0f}/s" for name in rates))
        # One was uploaded before.
        if php.stored() != (count * rounds + 1,) * 3:
            raise Failure(f"PHP-FPM has stored {php.stored()} files, blobs and records of {count * rounds + 1}")
    # Other groups move all files there are.
    all_of(lambda connection, number: instance.delete(made[number], connection), instance.port, PARALLEL, len(made))
    report.compare(
        GROUP, f"{MANY:,} of 20 KB, {PARALLEL} at once", rates["ours"], rates["PHP-FPM"], "PHP-FPM, as durable", "files/s",
        goal=2)


def post(instance, connection, target):
    connection.request("POST", target, body(), {"Authorization": instance.authorization, "Content-Type": "text/plain"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 201:
        raise Failure(f"POST {target} was answered with {response.status}: {answer.decode()}")
    return json.loads(answer)


def check_answers(instance, php):
    """PHP answers an upload as we do, has stored it then, and refuses what we refuse."""
    sent, name = body(), "one file.txt"
    good = {"Authorization": instance.authorization, "Content-Type": "text/plain"}
    reader = f"Bearer {instance.make_key('media:read')}"

    def ask(fields, content, status):
        answers = [
            sameness.exchange(instance.port, "POST", instance.upload_target(name), fields, content),
            sameness.exchange(php.port, "POST", php.upload_target(name), fields, content)]
        if [answer[0] for answer in answers] != [status] * 2:
            raise Failure(f"an upload with {fields}: expected {status}, ours {answers[0]}, theirs {answers[1]}")
        return answers

    ask({**good, "Authorization": instance.authorization[:-1]}, sent, 401)
    ask({**good, "Authorization": reader}, sent, 403)
    ask({**good, "Content-Type": "image/png"}, sent, 415)
    ask(good, b"", 400)
    ours, theirs = ask(good, sent, 201)
    if without_identity(ours) != without_identity(theirs):
        raise Failure(f"an upload: ours {ours}, theirs {theirs}")
    record = json.loads(theirs[2])
    if record["sha256"] != hashlib.sha256(sent).hexdigest() or php.blob(record).read_bytes() != sent:
        raise Failure(f"PHP-FPM hasn't stored what was sent: {record}")


def without_identity(answer):
    """An answer without what differs between any two uploads of a file: the record's id and time."""
    _, fields, content = answer
    record = json.loads(content)
    text = content.decode().replace(record["id"], "ID").replace(record["createdAt"], "TIME")
    return {name: value.replace(record["id"], "ID") for name, value in fields.items()}, text
