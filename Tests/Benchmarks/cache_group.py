"""Private files while nginx reuses decisions, against nginx serving the same blobs by itself."""

import os
import pathlib

import load
import sameness
from credentials import token
from instance import VIDEO
from tools import Failure, nginx_workers

GROUP = "cache"
SETTINGS = {"MEDIA_DECISION_CACHE": "5"}
SCRIPT = pathlib.Path(__file__).parent / "ranges.lua"
# As the script has them.
LENGTH, RANGE = 10_000_000, 1_000_000


def run(instance, peers, rounds, report):
    key = {"Authorization": instance.authorization}
    small(instance, peers, rounds, report, key)
    ranges(instance, peers, rounds, report, key)


def small(instance, peers, rounds, report, key):
    record = instance.upload(os.urandom(5120).hex().encode(), "small.txt", "text/plain")
    url = f"{instance.url}/m/{record['id']}"
    user = token(instance.token_secret, sub=record["userId"])
    targets = {
        "static": load.target(peers.static_url(record)),
        "API key": load.target(url, key),
        "signed link": load.target(instance.make_link(record)["url"]),
        "token": load.target(url, {"Authorization": f"Bearer {user}"}),
        "cookie": load.target(url, {"Cookie": f"media_token={user}"}),
        # Decided on anew each time.
        "link for one network": load.target(instance.make_link(record, network="127.0.0.0/8")["url"]),
    }
    processes = {"static": nginx_workers(peers.nginx.pid), "API key": instance.busy()}
    rates, costs = load.take_turns(targets, rounds, processes)
    for name in list(targets)[1:]:
        report.compare(
            GROUP, f"private file, 10 KB, {name}", rates[name], rates["static"], "nginx static", "requests/s",
            goal=0.75 if name == "API key" else None)
    # Less at the mercy of what else the machine does than the rate is.
    report.compare(
        GROUP, "the same, API key: nginx, workers and MariaDB", costs["API key"], costs["static"], "nginx static",
        "CPU µs/request", more_is_better=False)
    instance.delete(record)


def ranges(instance, peers, rounds, report, key):
    record = instance.upload(VIDEO + os.urandom(LENGTH - len(VIDEO)), "large.mp4", "video/mp4")
    check_ranges(instance.port, f"/m/{record['id']}", key)
    check_ranges(peers.own_port, peers.static_path(record), {})
    targets = {
        "ours": [*load.target(f"{instance.url}/m/{record['id']}", key), "-s", SCRIPT],
        "static": [*load.target(peers.static_url(record)), "-s", SCRIPT],
    }
    rates, _ = load.take_turns(targets, rounds)
    rates = {name: [rate * RANGE / 1e6 for rate in values] for name, values in rates.items()}
    report.compare(
        GROUP, "private file, ranges of 1 MB, API key", rates["ours"], rates["static"], "nginx static", "MB/s", goal=0.97)
    instance.delete(record)


def check_ranges(port, path, fields):
    """wrk can't tell a range from the whole file."""
    for first in (0, LENGTH - RANGE):
        status, _, body = sameness.exchange(port, "GET", path, {**fields, "Range": f"bytes={first}-{first + RANGE - 1}"})
        if status != 206 or len(body) != RANGE:
            raise Failure(f"{path}: a range was answered with {status} and {len(body)} bytes")
