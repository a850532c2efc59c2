"""Two hosts with one MariaDB and one S3 store, and nothing else in common: what one does, the other one has."""

import base64
import contextlib
import hashlib
import json
import os
import time
import urllib.parse

from cluster_rivals import together
from host import Host
from storage_group import KEYS, Ceph, boto
from tools import Failure, note, output, wait_until

DATABASE = "cluster"
# Seconds for which nginx may reuse a decision.
DECISIONS = 5
PICTURES = 40
PIECE = 6 << 20
MAKE_BUCKET = """
import boto3, sys
endpoint, key, secret = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
client.create_bucket(Bucket="bench")
"""


class Checks:
    """What was asked of the hosts, and what was answered wrongly."""

    def __init__(self):
        self.count = 0
        self.faults = []

    def expect(self, what, found, expected):
        self.count += 1
        if found != expected:
            self.faults.append(what)
            note(f"WRONG: {what}: {found!r}, not {expected!r}")


@contextlib.contextmanager
def two_hosts(instance, folder):
    """Hosts with a database of their own in the instance's MariaDB, and all their files in a Ceph."""
    with contextlib.ExitStack() as stack:
        ceph = stack.enter_context(Ceph(folder / "ceph"))
        boto(MAKE_BUCKET, instance, ceph.endpoint, *KEYS)
        stores = {
            "stores": {"ceph": {
                "kind": "s3", "endpoint": ceph.endpoint, "bucket": "bench", "pathStyle": True, "prefix": "media",
                "credentials": {"accessKey": KEYS[0], "secretKey": KEYS[1]}}},
            "default": "ceph", "parts": "ceph"}
        (folder / "stores.json").write_text(json.dumps(stores))
        instance.sql(f"CREATE DATABASE {DATABASE}; GRANT ALL ON {DATABASE}.* TO media@localhost")
        stack.callback(instance.sql, f"DROP DATABASE {DATABASE}")
        common = (
            "MEDIA_DATABASE_SOCKET", "MEDIA_DATABASE_PASSWORD", "MEDIA_LINK_SECRET", "MEDIA_JWT_SECRET")
        settings = {
            **{name: instance.settings[name] for name in common}, "MEDIA_DATABASE_NAME": DATABASE,
            "MEDIA_STORES_FILE": folder / "stores.json", "MEDIA_STORE_CACHE_MAX_BYTES": "1G",
            "MEDIA_DECISION_CACHE": DECISIONS, "MEDIA_IMAGE_PRESETS": "small=320"}
        first = stack.enter_context(Host(instance.repository, folder / "a", settings, processing=True))
        # As behind one load balancer.
        settings["MEDIA_PUBLIC_URL"] = first.url
        second = stack.enter_context(Host(instance.repository, folder / "b", settings, processing=True))
        second.key = first.key
        yield first, second


def data(length):
    """Bytes that count as a text."""
    return os.urandom(length // 2).hex().encode()


def upload(host, body, public=False, name="file.txt", type="text/plain"):
    query = urllib.parse.urlencode({
        "name": name, "userId": "cluster", "isPublic": "true" if public else "false",
        **({} if type.startswith("image/") else {"processing": "none"})})
    return host.call("POST", f"/v1/media?{query}", body, type)


def path(record):
    """Where a record's `url` leads, at whichever host."""
    return urllib.parse.urlparse(record["url"]).path


# --- What one host has, the other one has --------------------------------------------------------------------------------


def read(first, second, checks):
    """What was taken by one host is read from the other at once."""
    for length in (2_000, 10_000_000):
        body = data(length)
        private, public = upload(first, body), upload(first, body[::-1], public=True)
        files = (
            ("a private file", private, body, {"Authorization": second.authorization}),
            ("a public file", public, body[::-1], {}))
        for what, record, expected, fields in files:
            for host in (second, first, second):
                answer = host.ask("GET", path(record), fields=fields)
                checks.expect(f"{what} of {length} bytes", (answer.status, answer.body == expected), (200, True))
            for words, start, end in (("0-0", 0, 1), (f"{length // 2}-{length // 2 + 99}", length // 2, length // 2 + 100),
                                      ("-10", length - 10, length)):
                answer = second.ask("GET", path(record), fields={**fields, "Range": f"bytes={words}"})
                checks.expect(
                    f"bytes {words} of {what} of {length} bytes", (answer.status, answer.body), (206, expected[start:end]))
        checks.expect("a private file without a key", second.ask("GET", path(private)).status, 404)


def at_once(first, second, checks):
    """What one host has changed the other one says at once, where it hasn't been asked before."""
    old, new = data(2_000), data(3_000)
    record = upload(first, old)
    answer = first.ask_as_service("PUT", f"/v1/media/{record['id']}/file?name=new.txt", new, {"Content-Type": "text/plain"})
    checks.expect("a file is replaced", answer.status, 200)
    checks.expect("a file that was replaced elsewhere", second.ask_as_service("GET", path(record)).body == new, True)
    answer = first.ask_as_service("POST", f"/v1/media/{record['id']}/versions/1/restore")
    checks.expect("an earlier file is restored", answer.status, 200)
    changed = second.ask_as_service(
        "PATCH", f"/v1/media/{record['id']}", json.dumps({"title": "by the other"}), {"Content-Type": "application/json"})
    checks.expect("a change by the other host", changed.status, 200)
    checks.expect("its title at the first host", first.call("GET", f"/v1/media/{record['id']}")["title"], "by the other")
    second.call("DELETE", f"/v1/media/{record['id']}")
    for what, target in (("the record", f"/v1/media/{record['id']}"), ("the file", path(record))):
        checks.expect(f"{what} after the other host's delete", first.ask_as_service("GET", target).status, 404)
    first.call("POST", f"/v1/media/{record['id']}/restore")
    checks.expect("a file that was restored elsewhere", second.ask_as_service("GET", f"/v1/media/{record['id']}").status, 200)

    public = upload(second, data(2_000), public=True)
    checks.expect("a public file", first.ask("GET", path(public)).status, 200)
    second.call("PATCH", f"/v1/media/{public['id']}", json.dumps({"isPublic": False}))
    checks.expect("a public file that the other host made private", first.ask("GET", path(public)).status, 404)
    # Its own nginx holds what it has fetched; the decision is asked for each time.
    second.call("DELETE", f"/v1/media/{public['id']}?hard=true")
    checks.expect("a file that is gone for good", first.ask_as_service("GET", f"/m/{public['id']}").status, 404)


def same_content(first, second, checks):
    """The same content taken by both at the same time is there for as long as one of them has it."""
    for _ in range(10):
        body = data(2_000)
        one, other = together(lambda: upload(first, body), lambda: upload(second, body))
        first.call("DELETE", f"/v1/media/{one['id']}?hard=true")
        for host in (first, second):
            answer = host.ask_as_service("GET", f"/m/{other['id']}")
            checks.expect("a content that one of two records had", (answer.status, answer.body == body), (200, True))


def once_only(first, second, checks):
    """Answers that are kept, files that wait for their records, links that are counted: whichever host is asked."""
    body = data(2_000)
    target = "/v1/media?name=once.txt&userId=cluster&processing=none"
    fields = {"Content-Type": "text/plain", "Idempotency-Key": f"cluster-{time.monotonic_ns()}"}
    one, other = (host.ask_as_service("POST", target, body, fields) for host in (first, second))
    checks.expect("a request that was answered by the other host", (other.status, other.json), (201, one.json))
    checks.expect("it is said to be that answer", other.fields.get("Idempotency-Replayed"), "true")

    def call(host, pattern, value):
        return host.call("POST", "/v1/rpc", json.dumps({"pattern": pattern, "data": value, "id": "1"}))["response"]

    staged = call(first, "upload_file", {
        "buffer": base64.b64encode(body).decode(), "originalName": "staged.txt", "mimeType": "text/plain"})
    made = call(second, "media.create", {
        "url": staged["url"], "type": "DOCUMENT", "originalName": "staged.txt", "mimeType": "text/plain", "size": len(body),
        "userId": "cluster"})
    wait_until(lambda: first.call("GET", f"/v1/media/{made['id']}")["status"] == "READY", 60, "a text isn't READY")
    checks.expect("a file that the other host has staged", first.ask_as_service("GET", f"/m/{made['id']}").body == body, True)

    link = first.call("POST", f"/v1/media/{one.json['id']}/links", json.dumps({"expiresIn": 600, "maxUses": 1}))
    target = link["url"].removeprefix(first.url)
    answers = together(lambda: first.ask("GET", target), lambda: second.ask("GET", target))
    checks.expect("a link for one use", sorted(answer.status for answer in answers), [200, 403])


# --- What is taken back --------------------------------------------------------------------------------------------------


def revocations(first, second):
    """Seconds from an answer of one host, which takes a right back, until the other one no longer gives the file out."""

    def delete(record):
        first.call("DELETE", f"/v1/media/{record['id']}")

    def make_private(record):
        first.call("PATCH", f"/v1/media/{record['id']}", json.dumps({"isPublic": False}))

    def replace(record):
        first.call("PUT", f"/v1/media/{record['id']}/file?name=new.txt", data(3_000), "text/plain")

    def revoke_links(record):
        first.call("DELETE", f"/v1/media/{record['id']}/links")

    def revoke_key(_):
        output(first.mediad, "key", "revoke", key.split("_")[1], env=first.environment)

    key = second.make_key("media:read")
    by_key = {"Authorization": second.authorization}
    ways = {
        "a deleted file": (delete, False, by_key), "a public file made private": (make_private, True, {}),
        "a file that was replaced": (replace, False, by_key), "a link that was revoked": (revoke_links, False, None),
        "a key that was revoked": (revoke_key, False, {"Authorization": f"Bearer {key}"})}
    seconds = {}
    for what, (revoke, is_public, fields) in ways.items():
        body = data(2_000)
        record = upload(first, body, is_public)
        target = f"/m/{record['id']}"
        if fields is None:
            target, fields = first.make_link(record)["url"].removeprefix(first.url), {}
        for _ in range(2):
            answer = second.ask("GET", target, fields=fields)
            if (answer.status, answer.body) != (200, body):
                raise Failure(f"{what}: {answer.status} before")
        revoke(record)
        start = time.monotonic()
        last = 0
        while time.monotonic() < start + 60:
            begun = time.monotonic() - start
            if second.ask("GET", target, fields=fields).body != body:
                break
            last = begun
        else:
            raise Failure(f"{what} is still given out after a minute")
        seconds[what] = last
        note(f"{what}: {last:.1f} s until the other host knows")
    return seconds


# --- Uploads in pieces ---------------------------------------------------------------------------------------------------


class Upload:
    """One in pieces, whose pieces go to whichever host."""

    def __init__(self, host, body):
        self.body = body
        metadata = {"filename": "pieces.txt", "filetype": "text/plain", "userId": "cluster", "processing": "none"}
        words = [f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items()]
        answer = host.ask_as_service("POST", "/v1/uploads", None, {
            "Tus-Resumable": "1.0.0", "Upload-Length": str(len(body)), "Upload-Metadata": ",".join(words)})
        if answer.status != 201:
            raise Failure(f"an upload was answered with {answer.status}: {answer.body.decode()}")
        self.path = urllib.parse.urlparse(answer.fields["Location"]).path

    @staticmethod
    def fields(start):
        return {"Tus-Resumable": "1.0.0", "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}

    def position(self, host):
        answer = host.ask_as_service("HEAD", self.path, None, {"Tus-Resumable": "1.0.0"})
        return answer.status, int(answer.fields.get("Upload-Offset", -1))

    def open_position(self, host):
        """Where to go on; None where that can't be said yet."""
        status, position = self.position(host)
        return position if status == 200 else None

    def send(self, host, start, end):
        return host.ask_as_service("PATCH", self.path, self.body[start:end], self.fields(start))


def pieces(first, second, checks):
    """An upload that is begun at one host, goes on at the other, and ends at the first one again."""
    upload = Upload(first, data(3 * PIECE))
    checks.expect("the first piece", upload.send(first, 0, PIECE).status, 204)
    checks.expect("where the other host goes on", upload.position(second), (200, PIECE))
    checks.expect("the second piece, at the other host", upload.send(second, PIECE, 2 * PIECE).status, 204)
    finish(upload, first, second, checks, "an upload that moved")


def pieces_after_kill(first, second, checks):
    """The same where the first host's workers are killed in the middle of a piece; seconds until the other one goes on."""
    upload = Upload(first, data(3 * PIECE))
    checks.expect("the first piece", upload.send(first, 0, PIECE).status, 204)
    connection = first.connection()
    connection.putrequest("PATCH", upload.path)
    fields = {"Authorization": first.authorization, "Content-Length": str(PIECE), **upload.fields(PIECE)}
    for name, value in fields.items():
        connection.putheader(name, value)
    connection.endheaders(upload.body[PIECE:PIECE + PIECE // 2])
    time.sleep(1)
    first.kill_workers()
    start = time.monotonic()
    position = wait_until(lambda: upload.open_position(second), 60, "the other host can't go on with an upload")
    seconds = time.monotonic() - start
    connection.close()
    checks.expect("where the other host goes on", position, PIECE)
    checks.expect("the second piece, at the other host", upload.send(second, PIECE, 2 * PIECE).status, 204)
    wait_until(first.is_ready, 30, "the workers aren't replaced")
    finish(upload, first, second, checks, "an upload whose host was killed")
    return seconds


def pieces_after_power_cut(first, second, checks):
    """The same where the first host had a power cut, which has left anything behind the bytes that it had synced."""
    upload = Upload(first, data(3 * PIECE))
    checks.expect("the first piece", upload.send(first, 0, PIECE).status, 204)
    with open(first.store / "partial" / upload.path.rpartition("/")[2], "ab") as file:
        file.write(bytes(1000))
    first.boot_anew()
    checks.expect("where the other host goes on", upload.position(second), (200, PIECE))
    checks.expect("the second piece, at the other host", upload.send(second, PIECE, 2 * PIECE).status, 204)
    finish(upload, first, second, checks, "an upload whose host had a power cut")


def finish(upload, first, second, checks, what):
    checks.expect(f"where the first host goes on with {what}", upload.position(first), (200, 2 * PIECE))
    answer = upload.send(first, 2 * PIECE, 3 * PIECE)
    checks.expect(f"the last piece of {what}", answer.status, 204)
    if id := answer.fields.get("Media-Id"):
        checks.expect(
            f"the hash of {what}", second.call("GET", f"/v1/media/{id}")["sha256"], hashlib.sha256(upload.body).hexdigest())
        found = second.ask_as_service("GET", f"/m/{id}")
        checks.expect(f"the file of {what}", (found.status, found.body == upload.body), (200, True))


# --- Jobs ----------------------------------------------------------------------------------------------------------------


def jobs(hosts, folder, checks, instance):
    """Pictures that both hosts have taken are processed once, by one or the other; seconds for all of them."""
    folder.mkdir()
    output(
        "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x480", "-frames:v", PICTURES, "-q:v", "3",
        folder / "%d.jpg")
    bodies = [file.read_bytes() for file in folder.iterdir()]
    start = time.monotonic()
    records = [
        upload(hosts[number % 2], body, name="picture.jpg", type="image/jpeg") for number, body in enumerate(bodies)]
    found = [
        wait_until(lambda record=record: processed(hosts[0], record), 180, "a picture isn't processed") for record in records]
    seconds = time.monotonic() - start
    checks.expect("what becomes of pictures", {record["status"] for record in found}, {"READY"})
    for host in hosts:
        for record in found:
            answer = host.ask_as_service("GET", f"/m/{record['id']}/small.jpg")
            checks.expect("a picture that was made", (answer.status, answer.body[:2]), (200, b"\xff\xd8"))
    ids = ", ".join(f"'{record['id']}'" for record in records)
    attempts = instance.sql(f"SELECT attempts, COUNT(*) FROM {DATABASE}.jobs WHERE subject IN ({ids}) GROUP BY attempts")
    checks.expect("how often jobs were begun", attempts, [f"1\t{PICTURES}"])
    variants = instance.sql(f"SELECT COUNT(*) FROM {DATABASE}.variants WHERE media_id IN ({ids})")
    checks.expect("pictures that were made", variants, [str(2 * PICTURES)])
    return seconds


def processed(host, record):
    found = host.call("GET", f"/v1/media/{record['id']}")
    return found if found["status"] != "PROCESSING" else None


def job_after_kill(hosts, folder, checks, instance):
    """Seconds until pictures are done of which a host had begun one when its jobs were killed."""
    folder.mkdir()
    # They take a second and more each.
    output("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "mandelbrot=size=4000x3000", "-frames:v", "4", folder / "%d.jpg")
    begun = f"SELECT id FROM {DATABASE}.jobs WHERE state = 'RUNNING' AND holder_process LIKE '{hosts[1].boot}:%'"
    records = [upload(hosts[1], file.read_bytes(), name="picture.jpg", type="image/jpeg") for file in folder.iterdir()]
    wait_until(lambda: instance.sql(begun), 30, "a host begins no job")
    hosts[1].kill("work")
    start = time.monotonic()
    if not instance.sql(begun):
        raise Failure("the job was done before its host could be killed")
    found = [
        wait_until(lambda record=record: processed(hosts[0], record), 180, "a picture isn't processed") for record in records]
    seconds = time.monotonic() - start
    checks.expect("what becomes of pictures whose host was killed", {record["status"] for record in found}, {"READY"})
    hosts[1].start("work")
    return seconds
