"""Uploads against nginx's WebDAV PUT, which neither hashes nor records nor syncs; and against PUT and fsync."""

import hashlib
import http.client
import json
import os
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

from instance import VIDEO
from tools import Failure, note, output

GROUP = "upload"
LARGE = 1 << 30
SMALL = 20_000
COUNT = 200


def run(instance, peers, rounds, report):
    large(instance, peers, rounds, report)
    for parallel in (1, 8):
        small(instance, peers, rounds, report, parallel)


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
            records = all_of(way, port, parallel)
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


def all_of(way, port, parallel):
    """Does all uploads on `parallel` connections; their results."""

    def share(first):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        results = [way(connection, number) for number in range(first, COUNT, parallel)]
        connection.close()
        return results

    with ThreadPoolExecutor(parallel) as threads:
        return [result for results in threads.map(share, range(parallel)) for result in results]
