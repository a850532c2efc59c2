"""Resumable uploads against nginx's WebDAV PUT, and what they leave of the service for others."""

import base64
import hashlib
import http.client
import os
import statistics
import time
import urllib.parse

import upload_group
from memory_group import peak
from tools import Failure, note
from upload_group import LARGE, rate

GROUP = "tus"
CHUNK = 5 << 20
CROWD = 200
SETTINGS = {"MEDIA_USER_MAX_UPLOADS": "1000"}


def run(instance, peers, rounds, report):
    large(instance, peers, rounds, report)
    crowd(instance, rounds, report)


def create(instance, length, connection=None):
    """Begins an upload; its path."""
    pairs = {"filename": "large.mp4", "filetype": "video/mp4", "userId": "bench"}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
    connection = connection or instance.connection()
    connection.request("POST", "/v1/uploads", headers={
        **fields(instance), "Upload-Length": str(length), "Upload-Metadata": metadata})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 201:
        raise Failure(f"an upload was answered with {answer.status}: {body.decode()}")
    return urllib.parse.urlparse(answer.getheader("Location")).path


def fields(instance):
    return {"Authorization": instance.authorization, "Tus-Resumable": "1.0.0"}


def large(instance, peers, rounds, report):
    source = peers.folder / "source"
    upload_group.make_source(source)
    workers = instance.renew("serve")
    before = {worker: peak(worker) for worker in workers}
    whole, chunks, put, put_and_sync = [], [], [], []
    for round in range(rounds):
        for way, rates in ((one_request, whole), (in_chunks, chunks)):
            with open(source, "r+b") as file:
                file.seek(4096)
                file.write(os.urandom(64))
            rates.append(rate(way(instance, source)))
        seconds, synced = upload_group.put_large(peers, source)
        put.append(rate(seconds))
        put_and_sync.append(rate(synced))
        note(f"1 GiB, round {round + 1} of {rounds}: one PATCH {whole[-1]:.0f} MB/s, chunks {chunks[-1]:.0f} MB/s, "
             f"WebDAV PUT {put[-1]:.0f} MB/s, PUT and fsync {put_and_sync[-1]:.0f} MB/s")
    growth = max(peak(worker) - before[worker] for worker in workers)
    source.unlink()
    report.compare(GROUP, "1 GiB, one PATCH", whole, put, "nginx WebDAV PUT", "MB/s", goal=0.8)
    report.compare(GROUP, "1 GiB, PATCHes of 5 MiB", chunks, put, "nginx WebDAV PUT", "MB/s", goal=0.6)
    report.compare(GROUP, "1 GiB, one PATCH", whole, put_and_sync, "WebDAV PUT + fsync", "MB/s")
    report.compare(GROUP, "1 GiB, PATCHes of 5 MiB", chunks, put_and_sync, "WebDAV PUT + fsync", "MB/s")
    report.measure(GROUP, "worker, peak after these less before", [growth], "MB", limit=16)


def one_request(instance, source):
    path = create(instance, LARGE)
    seconds, answer = upload_group.curl(
        source, "-i", "-X", "PATCH", "-T", source, "-H", f"Authorization: {instance.authorization}",
        "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Offset: 0", "-H", "Content-Type: application/offset+octet-stream",
        instance.url + path)
    check(instance, source, next(line.split()[1] for line in answer.splitlines() if line.startswith("Media-Id:")))
    return seconds


def in_chunks(instance, source):
    connection = instance.connection()
    os.sync()
    upload_group.touch_memory(source.parent / "touched")
    path = create(instance, LARGE, connection)
    media = None
    start = time.monotonic()
    with open(source, "rb") as file:
        for offset in range(0, LARGE, CHUNK):
            connection.request("PATCH", path, file.read(CHUNK), {
                **fields(instance), "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                raise Failure(f"a PATCH was answered with {answer.status}")
            media = answer.getheader("Media-Id")
    seconds = time.monotonic() - start
    check(instance, source, media)
    return seconds


def check(instance, source, media):
    record = instance.call("GET", f"/v1/media/{media}")
    with open(source, "rb") as file:
        if record["sha256"] != hashlib.file_digest(file, "sha256").hexdigest():
            raise Failure("an upload's hash is not its file's")
    instance.delete(record)


# --- Others meanwhile ----------------------------------------------------------------------------------------------------


def crowd(instance, rounds, report):
    """What a look at a record takes while very many slow uploads are in flight."""
    record = instance.upload(os.urandom(512).hex().encode(), "crowd.txt", "text/plain")
    idle, busy = [], []
    for round in range(rounds):
        idle.append(latency(instance, record))
        uploads = [begin_slowly(instance) for _ in range(CROWD)]
        busy.append(latency(instance, record, uploads))
        for upload in uploads:
            upload.close()
        note(f"{CROWD} slow uploads, round {round + 1} of {rounds}: median {busy[-1]:.2f} ms, idle {idle[-1]:.2f} ms")
        time.sleep(1)
    instance.delete(record)
    report.compare(
        GROUP, f"GET /v1/media/{{id}} with {CROWD} slow uploads", busy, idle, "the same, idle", "ms", goal=1 / 1.5,
        more_is_better=False)


def begin_slowly(instance):
    connection = instance.connection()
    path = create(instance, 1 << 20, connection)
    connection.putrequest("PATCH", path)
    for name, value in {**fields(instance), "Upload-Offset": "0", "Content-Length": str(1 << 20),
                        "Content-Type": "application/offset+octet-stream"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection


def latency(instance, record, uploads=()):
    """The median of some requests, in ms; each of the uploads brings a little between them."""
    connection = instance.connection()
    times = []
    for number in range(300):
        for upload in uploads[number % 10::10]:
            upload.send(bytes(1000))
        start = time.monotonic()
        instance.call("GET", f"/v1/media/{record['id']}", connection=connection)
        times.append((time.monotonic() - start) * 1000)
    return statistics.median(times)
