"""Downloads that are decided on one by one: with more and fewer workers, beside idle clients, and beside slow ones."""

import contextlib
import os
import re

import load
from clients import SlowReaders, idle, is_open
from instance import VIDEO
from memory_group import rollup
from tools import Failure, nginx_workers, note

WORKERS = (1, 2, 4, 8)
IDLE, SLOW = 10_000, 1_000
# As many connections as each process of nginx may have, for idle clients beside those that are measured.
ROOM = 16_384
NAME = "private file, 10 KB, API key"


def run(group, instance, settings, rounds, report):
    small = instance.upload(os.urandom(5120).hex().encode(), "small.txt", "text/plain")
    large = instance.upload(VIDEO + os.urandom(1_000_000), "large.mp4", "video/mp4")
    key = {"Authorization": instance.authorization}
    target = load.target(f"{instance.url}/m/{small['id']}", key)
    workers(group, instance, settings, target, rounds, report)
    beside_idle(group, instance, target, rounds, report)
    beside_slow(group, instance, target, f"/m/{large['id']}", key, rounds, report)
    instance.delete(small)
    instance.delete(large)


def workers(group, instance, settings, target, rounds, report):
    rates = {count: [] for count in WORKERS}
    for round in range(rounds):
        for count in WORKERS:
            instance.configure({**settings, "MEDIA_WORKERS": str(count)})
            if len(instance.workers()) != count:
                raise Failure(f"there are {len(instance.workers())} workers, and not {count}")
            # First they connect to MariaDB.
            load.rate(target)
            rates[count].append(load.rate(target))
        note(f"round {round + 1} of {rounds}: " + ", ".join(f"{count}: {rates[count][-1]:,.0f}/s" for count in WORKERS))
    instance.configure(settings)
    for count in WORKERS[1:]:
        report.compare(group, f"{NAME}, {count} workers", rates[count], rates[1], "1 worker", "requests/s")


def beside_idle(group, instance, target, rounds, report):
    """With nginx as it is, and with room for them all."""
    path = instance.state / "nginx/nginx.conf"
    usual = path.read_text()
    limit = re.search(r"worker_connections (\d+);", usual)[0]
    left = [beside_these_idle(instance, target)[1] for _ in range(rounds)]
    report.measure(group, f"of {IDLE:,} idle connections stay open, {limit[:-1]}", left, "connections")
    with contextlib.ExitStack() as stack:
        stack.callback(instance.renew, "nginx")
        stack.callback(path.write_text, usual)
        path.write_text(usual.replace(limit, f"worker_connections {ROOM};"))
        instance.renew("nginx")
        alone, beside = [], []
        for round in range(rounds):
            alone.append(load.rate(target))
            rate, left = beside_these_idle(instance, target)
            if left != IDLE:
                raise Failure(f"of {IDLE:,} idle connections {left:,} stayed open with worker_connections {ROOM}")
            beside.append(rate)
            note(f"round {round + 1} of {rounds}: alone {alone[-1]:,.0f}/s, beside idle clients {beside[-1]:,.0f}/s")
    report.compare(
        group, f"{NAME}, beside {IDLE:,} idle connections, worker_connections {ROOM}", beside, alone, "alone", "requests/s")


def beside_these_idle(instance, target):
    """The rate, and how many of the idle connections are open then."""
    with idle(instance.port, IDLE) as connections:
        rate = load.rate(target)
        return rate, sum(is_open(connection) for connection in connections)


def beside_slow(group, instance, target, path, fields, rounds, report):
    alone, beside, memory = [], [], {"worker": [], "nginx process": []}
    for round in range(rounds):
        alone.append(load.rate(target))
        with SlowReaders(instance.port, path, fields, SLOW) as readers:
            beside.append(load.rate(target))
            memory["worker"].append(max(rollup(pid, "Rss") for pid in instance.workers()))
            memory["nginx process"].append(max(rollup(pid, "Rss") for pid in nginx_workers(instance.process("nginx"))))
            readers.check()
        note(f"round {round + 1} of {rounds}: alone {alone[-1]:,.0f}/s, beside slow clients {beside[-1]:,.0f}/s")
    report.compare(group, f"{NAME}, beside {SLOW:,} slow readers of 1 MB", beside, alone, "alone", "requests/s")
    for name, values in memory.items():
        report.measure(group, f"{name} meanwhile, Rss", values, "MB")
