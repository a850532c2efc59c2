"""Lists of a million records: pages by cursor half way and near the end against pages at the start."""

import datetime
import os
import urllib.parse

import load
import records
from credentials import base64url
from tools import Failure, note

GROUP = "lists"
COUNT = 1_000_000
USER = "bench-lists"
LIMIT = 20
# A page may cost 1.2 times as much at any depth.
GOAL = 1 / 1.2


def run(instance, peers, rounds, report):
    record = instance.upload(os.urandom(5120).hex().encode(), "list.txt", "text/plain")
    note(f"writing {COUNT:,} records")
    records.insert(instance, record, COUNT, USER)
    lists = {
        "all files": ("/v1/media", "createdAt"),
        "one user's files": (f"/v1/users/{USER}/media", "createdAt"),
        "all files by their last change": ("/v1/media", "updatedAt"),
    }
    for name, (path, field) in lists.items():
        note(name)
        compare(instance, rounds, report, name, path, field)


def compare(instance, rounds, report, name, path, field):
    def target(**query):
        return f"{path}?" + urllib.parse.urlencode({"limit": LIMIT, "sort": f"-{field}", **query})

    first = target(page=1)
    page = instance.call("GET", first)
    cursors = {
        "end": cursor_behind(page, last_record(instance, path, field), field),
        "middle": cursor_behind(page, middle_record(instance, path), field), "second": page["nextCursor"]}
    targets = {**{name: target(cursor=cursor) for name, cursor in cursors.items()}, "first": first}
    check(instance, targets)
    key = {"Authorization": instance.authorization}
    rates, _ = load.take_turns(
        {name: load.target(instance.url + path, key) for name, path in targets.items()}, rounds, connections=1)
    times = {name: [1000 / rate for rate in values] for name, values in rates.items()}
    for place, depth in (("end", COUNT), ("middle", COUNT // 2)):
        for peer in ("second", "first"):
            report.compare(
                GROUP, f"{name}, page at depth {depth:,}", times[place], times[peer], f"{peer} page", "ms/request", GOAL,
                more_is_better=False)


def cursor_behind(page, record, field):
    """The page's `nextCursor`, were `record` its last one: for pages that nobody goes to one by one here."""

    def value(record):
        return base64url(str(round(datetime.datetime.fromisoformat(record[field]).timestamp() * 1000)).encode())

    last = page["media"][-1]
    return page["nextCursor"].replace(last["id"], record["id"]).replace(value(last), value(record))


def last_record(instance, path, field):
    """The one behind which a full page stands, and one record more."""
    return instance.call("GET", f"{path}?limit={LIMIT + 2}&sort={field}")["media"][-1]


def middle_record(instance, path):
    moment = datetime.datetime.fromtimestamp(records.FIRST_MOMENT + COUNT // 2, datetime.UTC)
    query = urllib.parse.urlencode({"limit": 1, "createdBefore": f"{moment:%Y-%m-%dT%H:%M:%SZ}"})
    return instance.call("GET", f"{path}?{query}")["media"][0]


def check(instance, targets):
    """All pages are full, and the last one is near the end."""
    pages = {name: instance.call("GET", target) for name, target in targets.items()}
    for name, page in pages.items():
        if len(page["media"]) != LIMIT or not page["nextCursor"]:
            raise Failure(f"{targets[name]}: no full page, or no page behind it")
    rest = instance.call("GET", targets["end"].partition("cursor=")[0] + "cursor=" + pages["end"]["nextCursor"])
    if len(rest["media"]) != 1 or rest["nextCursor"]:
        raise Failure(f"{targets['end']}: {len(rest['media'])} records are behind this page, and not one")
