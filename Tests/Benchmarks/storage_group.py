"""Files in a store elsewhere, a Ceph of the benchmark's own: against boto3, curl and nginx's own disk."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time

import cache_group
import load
import memory_group
import upload_group
from instance import VIDEO
from tools import Failure, note, output

GROUP = "storage"
SERVERS = pathlib.Path(__file__).parent.parent / "MediaTesting/Servers"
KEYS = ("bench", "a-secret-of-the-benchmark")
SIZE = 1 << 30
COUNT = 10_000
SETTINGS = {}

UPLOAD = """
import boto3, sys
from boto3.s3.transfer import TransferConfig
endpoint, key, secret, path, name = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
client.upload_file(path, "bench", name, Config=TransferConfig(max_concurrency=4, multipart_chunksize=16 << 20))
"""
LOOP = """
import boto3, os, sys
endpoint, key, secret, folder = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
for root, _, names in os.walk(folder):
    for name in names:
        client.upload_file(os.path.join(root, name), "bench", "loop/" + name)
"""


class Ceph:
    def __init__(self, folder):
        self.process = subprocess.Popen(
            ["python3", "-B", SERVERS / "radosgw.py", folder, *KEYS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise Failure("Ceph does not start")
        self.endpoint = json.loads(line)["endpoint"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)


def run(instance, peers, rounds, report):
    large(instance, peers, rounds, report)
    with ceph_for(instance, peers, {"MEDIA_STORE_CACHE_MAX_BYTES": "1G", "MEDIA_DECISION_CACHE": "5"}) as ceph:
        ranges(instance, peers, rounds, report)
        small(instance, peers, ceph, report)
    instance.configure({})


@contextlib.contextmanager
def ceph_for(instance, peers, settings):
    """A new one each time: it keeps in memory what is removed, for a while, and has only so much."""
    folder = peers.folder / f"ceph{time.monotonic_ns()}"
    with Ceph(folder) as ceph:
        boto("import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1], aws_access_key_id=sys.argv[2], "
             "aws_secret_access_key=sys.argv[3], region_name='us-east-1').create_bucket(Bucket='bench')", instance, ceph.endpoint,
             *KEYS)
        stores = peers.folder / "stores.json"
        stores.write_text(json.dumps({"stores": {"ceph": {
            "kind": "s3", "endpoint": ceph.endpoint, "bucket": "bench", "pathStyle": True, "prefix": "media",
            "credentials": {"accessKey": KEYS[0], "secretKey": KEYS[1]}}}}))
        # The endpoint is another one, so that the workers have to be new ones.
        instance.changes = None
        instance.configure({"MEDIA_STORES_FILE": str(stores), **settings})
        yield ceph
        instance.configure({})
    shutil.rmtree(folder, ignore_errors=True)


def boto(program, instance, *words):
    output(instance.repository / ".build/test-tools/bin/python3", "-c", program, *words)


def move(instance, source, target):
    """Moves all that a store has; seconds and the most memory that it took, in MB."""
    environment = {**os.environ, "MEDIA_CONFIG_FILE": str(instance.state / "settings.env")}
    log = instance.state / "log/bench-move.log"
    start = time.monotonic()
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [instance.mediad, "move", "--from", source, "--to", target, "--rate", "100G"], env=environment, stdout=file,
            stderr=file)
    most = 0
    # Not the ru_maxrss of wait4: that is at least what the process had which it was forked from, this one.
    while process.poll() is None:
        with contextlib.suppress(memory_group.Gone):
            most = memory_group.peak(process.pid)
        time.sleep(0.02)
    if process.returncode != 0:
        raise Failure(f"mediad move ended with {process.returncode}: {log.read_text()}")
    return time.monotonic() - start, most


def purge(instance, record):
    """Takes a record and its blobs away, so that Ceph's memory has room for the next one."""
    instance.call("DELETE", f"/v1/media/{record['id']}?hard=true")
    instance.sql("UPDATE blob_removals SET due_at = '2020-01-01'")
    environment = {**os.environ, "MEDIA_CONFIG_FILE": str(instance.state / "settings.env")}
    output(instance.mediad, "work", "--once", env=environment)


def large(instance, peers, rounds, report):
    source = peers.folder / "source"
    upload_group.make_source(source)
    ours, theirs, through, straight, memory = [], [], [], [], []
    for round in range(rounds):
        with open(source, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(64))
        with ceph_for(instance, peers, {"MEDIA_STORE_CACHE_MAX_BYTES": "0"}) as ceph:
            record = json.loads(output(
                "curl", "-sS", "-f", "-H", "Expect:", "-T", source, "-X", "POST", "-H",
                f"Authorization: {instance.authorization}", instance.url + instance.upload_target("large.mp4")))

            def by_boto():
                start = time.monotonic()
                boto(UPLOAD, instance, ceph.endpoint, *KEYS, source, "boto")
                theirs.append(SIZE / (time.monotonic() - start) / 1e6)

            def by_move():
                seconds, most = move(instance, "local", "ceph")
                ours.append(SIZE / seconds / 1e6)
                memory.append(most)

            # Whoever comes second finds less memory that Ceph has used before.
            for turn in (by_boto, by_move) if round % 2 else (by_move, by_boto):
                os.sync()
                turn()
            most = memory[-1]
            url = presigned(instance, ceph, record)
            for rates, words in ((straight, [url]), (through, ["-H", f"Authorization: {instance.authorization}",
                                                              f"{instance.url}/m/{record['id']}"])):
                start = time.monotonic()
                output("curl", "-sS", "-f", "-o", "/dev/null", *words)
                rates.append(SIZE / (time.monotonic() - start) / 1e6)
            note(f"1 GiB, round {round + 1}: moved {ours[-1]:.0f} MB/s, boto3 {theirs[-1]:.0f} MB/s; through nginx "
                 f"{through[-1]:.0f} MB/s, straight {straight[-1]:.0f} MB/s; {most:.0f} MB of memory")
            purge(instance, record)
    source.unlink()
    report.compare(GROUP, "1 GiB to Ceph, hashed, by mediad move", ours, theirs, "boto3 upload_file", "MB/s", goal=1.0)
    report.compare(GROUP, "1 GiB from Ceph through nginx", through, straight, "curl straight from Ceph", "MB/s", goal=0.9)
    report.measure(GROUP, "memory of mediad move, 1 GiB", memory, "MB", limit=64)


def presigned(instance, ceph, record):
    row = instance.sql(f"SELECT token FROM blobs WHERE HEX(sha256) = '{record['sha256']}'")[0]
    key = f"media/{instance.blob_name(record)}-{row}"
    program = ("import boto3, sys; print(boto3.client('s3', endpoint_url=sys.argv[1], aws_access_key_id=sys.argv[2], "
               "aws_secret_access_key=sys.argv[3], region_name='us-east-1').generate_presigned_url('get_object', "
               "Params={'Bucket': 'bench', 'Key': sys.argv[4]}))")
    return output(instance.repository / ".build/test-tools/bin/python3", "-c", program, ceph.endpoint, *KEYS, key).strip()


def ranges(instance, peers, rounds, report):
    body = VIDEO + os.urandom(cache_group.LENGTH - len(VIDEO))
    key = {"Authorization": instance.authorization}
    elsewhere = instance.upload(body, "large.mp4", "video/mp4")
    move(instance, "local", "ceph")
    # The same bytes as nginx has them on its disk, under another content's name.
    here = instance.upload(VIDEO + os.urandom(cache_group.LENGTH - len(VIDEO)), "other.mp4", "video/mp4")
    cache_group.check_ranges(instance.port, f"/m/{elsewhere['id']}", key)
    targets = {
        "ours": [*load.target(f"{instance.url}/m/{elsewhere['id']}", key), "-s", cache_group.SCRIPT],
        "static": [*load.target(peers.static_url(here)), "-s", cache_group.SCRIPT],
    }
    rates, _ = load.take_turns(targets, rounds)
    rates = {name: [rate * cache_group.RANGE / 1e6 for rate in values] for name, values in rates.items()}
    report.compare(
        GROUP, "private file of Ceph, hot, ranges of 1 MB", rates["ours"], rates["static"], "nginx static", "MB/s", goal=0.6)
    for record in (elsewhere, here):
        purge(instance, record)


def small(instance, peers, ceph, report):
    """Once: it takes its time to make so many."""
    folder = peers.folder / "small"
    folder.mkdir()
    connection = instance.connection()
    for number in range(COUNT):
        body = os.urandom(1024).hex().encode()
        instance.upload(body, f"{number}.txt", "text/plain", connection=connection)
        (folder / str(number)).write_bytes(body)
        if number % 2000 == 1999:
            note(f"{number + 1} small files made")
    start = time.monotonic()
    boto(LOOP, instance, ceph.endpoint, *KEYS, folder)
    theirs = COUNT / (time.monotonic() - start)
    seconds, memory = move(instance, "local", "ceph")
    note(f"{COUNT} files of 2 KB: moved {COUNT / seconds:.0f}/s, boto3 {theirs:.0f}/s; {memory:.0f} MB of memory")
    report.compare(
        GROUP, f"{COUNT:,} files of 2 KB to Ceph, by mediad move", [COUNT / seconds], [theirs], "a loop of boto3 upload_file",
        "files/s", goal=2)

