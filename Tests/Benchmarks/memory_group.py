"""Memory of the workers: idle, and how much more a large upload takes than a small one."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

from instance import VIDEO
from tools import note, output

GROUP = "memory"


def run(instance, peers, rounds, report):
    note("waiting for fresh workers")
    workers = instance.renew("serve")
    resident(report, workers, "worker, idle, fresh")
    record = instance.upload(VIDEO + os.urandom(1 << 20), "small.mp4", "video/mp4")
    requests(instance, record)
    resident(report, workers, "worker, idle, after 400 requests")
    resident(report, [instance.process("serve")], "supervisor", limit=None)
    instance.delete(record)
    uploads(instance, peers, workers, report)


def resident(report, workers, name, limit=30):
    """Adds what is resident now; Pss counts memory that several processes share by parts, and what is anonymous is no file's."""
    for field, most in (("Rss", limit), ("Pss", None), ("Anonymous", None)):
        report.measure(GROUP, f"{name}, {field}", [rollup(worker, field) for worker in workers], "MB", most)


def rollup(pid, field):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return megabytes(field, file.read())


def peak(pid):
    with open(f"/proc/{pid}/status") as file:
        return megabytes("VmHWM", file.read())


class Gone(Exception):
    """A process has no memory any more."""


def megabytes(field, text):
    found = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
    if not found:
        raise Gone
    return int(found[1]) * 1024 / 1e6


def requests(instance, record):
    """Enough for every thread of the lane to have had some."""

    def share(_):
        connection = instance.connection()
        for target in [f"/m/{record['id']}", f"/v1/media/{record['id']}", "/v1/media?limit=20", "/healthz"] * 5:
            connection.request("GET", target, headers={"Authorization": instance.authorization})
            connection.getresponse().read()
        connection.close()

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(share, range(20)))


def uploads(instance, peers, workers, report):
    """The peak after many uploads of 1 MB, on all threads, and then after one of 4 GB."""
    note("uploads of 1 MB, then one of 4 GB")
    with ThreadPoolExecutor(20) as threads:
        small = list(threads.map(
            lambda number: instance.upload(VIDEO + os.urandom(1_000_000), f"{number}.mp4", "video/mp4"), range(100)))
    before = {worker: peak(worker) for worker in workers}
    source = peers.folder / "source"
    with open(source, "wb") as file:
        file.write(VIDEO + os.urandom(64))
        file.truncate(4_000_000_000)
    large = json.loads(output(
        "curl", "-sS", "-f", "-X", "POST", "-T", source, "-H", f"Authorization: {instance.authorization}",
        "-H", "Content-Type: video/mp4", instance.url + instance.upload_target("large.mp4")))
    growth = [peak(worker) - before[worker] for worker in workers]
    source.unlink()
    for record in [*small, large]:
        instance.delete(record)
    report.measure(GROUP, "worker, peak after 1 MB uploads", list(before.values()), "MB")
    # Only one of the workers had the upload.
    report.measure(GROUP, "worker, peak after 4 GB less that", [max(growth)], "MB", limit=1)
