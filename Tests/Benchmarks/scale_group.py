"""Ten million records: what it costs to find and list them, and what it costs with a thousand; then downloads with more and
fewer workers, and beside many other clients.

With BENCH_RECORDS=N in the environment there are N records instead, a multiple of 1,000 from 100,000 on: for work on this group.
"""

import os
import time

import crowds
import questions
from instance import Instance
from plans import Plans
from population import Population

GROUP = "scale"
COUNT = 10_000_000
SMALL = 1000
# A decision for each download; and what takes longer than an answer may is to be measured, too.
SETTINGS = {"MEDIA_DECISION_CACHE": "0", "MEDIA_DATABASE_TIMEOUT": "300", "MEDIA_API_TIMEOUT": "600"}
# MariaDB's memory, as on a host that keeps so many records.
MEMORY = 4 << 30


def run(instance, peers, rounds, report):
    count = int(os.environ.get("BENCH_RECORDS", COUNT))
    instance.sql(f"SET GLOBAL innodb_buffer_pool_size = {MEMORY}, innodb_log_file_size = {MEMORY // 4}")
    many = Population(instance, count)
    start = time.monotonic()
    many.fill()
    report.measure(GROUP, f"writing {count:,} records", [time.monotonic() - start], "s")
    plans = Plans(instance)
    with Instance(instance.repository, peers.folder / "few") as other:
        other.configure(SETTINGS)
        few = Population(other, SMALL)
        few.fill()
        questions.run(GROUP, many, few, plans, peers.folder / "paths", rounds, report)
    questions.depths(GROUP, many, rounds, report)
    crowds.run(GROUP, instance, SETTINGS, rounds, report)
