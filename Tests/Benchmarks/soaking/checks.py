"""The end: every acknowledged file is there with its bytes, nothing else is, and the service's own checks find nothing."""

import collections
import hashlib
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

from soaking.model import LIVE
from soaking.samples import SETTLED
from soaking.session import Broken, Session
from tools import note

# Longer than anything is kept that is to go by itself, and than the last jobs take.
SETTLING = 300
# Events that workers log of what was done to them.
KILLED = "signal 9"


def settle(sampler, findings):
    """Waits until nothing is on its way any more; the last sample."""
    end = time.monotonic() + SETTLING
    while True:
        sample = sampler.rest()
        left = {name: number for name, number in {**sample.files, **(sample.counts or {"MariaDB": 1})}.items()
                if number and (name in SETTLED or name in sample.files or name == "MariaDB")}
        if not left or time.monotonic() > end:
            return sample
        sampler.all.pop()
        note("waiting for " + ", ".join(f"{number} {name}" for name, number in left.items()))
        time.sleep(5)


def files(service, model, findings):
    """Asks for every record and file that the clients know of; how many there are."""
    note(f"asking for {len(model.records)} records and their files")
    records = list(model.records.values())

    def share(number):
        session = Session(service.port)
        for record in records[number::8]:
            try:
                fault = wrong(session, service, model, record)
            except Broken as broken:
                fault = (str(broken), "")
            if fault:
                findings.add("at the end " + fault[0], f"{record.id} {record.name}: {record.options}", fault[1])
        session.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(share, range(8)))
    return sum(record.is_live for record in records)


def wrong(session, service, model, record):
    """What is wrong with a record or its file, and the request that told."""
    key = {"Authorization": service.authorization}
    answer = session.send("GET", f"/v1/media/{record.id}", None, key)
    if answer.status == 404:
        return ("an acknowledged file is lost", answer.request) if record.is_live else None
    if answer.status != 200:
        return (f"a record is answered with {answer}", answer.request)
    found = answer.json
    values = (LIVE, found["sha256"], found["isPublic"], found["title"])
    if values not in {(state.life, state.sha256, state.is_public, state.title) for state in record.options}:
        return ("a record isn't what it has to be", answer.request)
    answer = session.send("GET", f"/m/{record.id}", None, key)
    content = model.contents[found["sha256"]]
    sums = {content.sha256, content.shown} if found["isPublic"] else {content.sha256}
    if answer.status != 200 or hashlib.sha256(answer.body).hexdigest() not in sums:
        return (f"a file is answered with {answer} and {len(answer.body)} bytes of {content.size}", answer.request)
    answer = session.send("GET", found["url"], None, {})
    if (answer.status == 200) != found["isPublic"] or answer.status not in (200, 404):
        return (f"the URL of a {'public' if found['isPublic'] else 'private'} file is answered with {answer}", answer.request)
    if found["isPublic"] and hashlib.sha256(answer.body).hexdigest() != content.shown:
        return ("a public file has other bytes", answer.request)


def strangers(service, model, findings):
    """Records that nobody was told of, and those that are there twice."""
    rows = [line.split("\t") for line in service.sql("SELECT id, original_name FROM media WHERE user_id LIKE 'soak-%'")]
    names = collections.Counter(name for _, name in rows)
    for id, name in rows:
        if names[name] > 1:
            findings.add("an upload was done twice", f"{name}: {id}")
        elif id not in model.records:
            how = {None: "was never answered for certain", False: "was looked for and not there", True: "has another id"}
            findings.add("a record that nobody was told of", f"{id} {name}: its upload {how[model.sent.get(name, None)]}")


def blobs(service, findings):
    """Every blob has the bytes of its name; those of the tables are those of the disk."""
    note("comparing all files of the store with their names")
    known = set(service.sql("SELECT LOWER(HEX(sha256)) FROM blobs"))
    found = set()
    for folder, _, names in os.walk(service.store / "objects"):
        for name in names:
            found.add(name)
            with open(f"{folder}/{name}", "rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != name:
                    findings.add("a blob has other bytes than its name says", name)
    for name in known - found:
        findings.add("a blob is lost", name)
    for name in found - known:
        findings.add("a blob that nothing refers to", name)
    return len(found)


def own_checks(service, findings):
    """`mediad reconcile` and `mediad scrub`."""
    for words in (("reconcile", "--json"), ("scrub", "--dry-run", "--json")):
        text, code = service.command(*words, check=False)
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines[:-1]:
            findings.add(f"mediad {words[0]} finds: {line.get('kind')}", json.dumps(line))
        if code and len(lines) < 2:
            findings.add(f"mediad {words[0]} failed", f"{code}: {text[-500:]}")


def events(receiver, model, findings):
    """Each acknowledged record was told of, and the last event of those that are there tells of what they are."""
    for record in model.records.values():
        if "media.created" not in receiver.kinds[record.id]:
            findings.add("an event is lost", f"{record.id}: media.created")


def last_events(service, receiver, findings):
    for line in service.sql("SELECT id, revision FROM media WHERE user_id LIKE 'soak-%'"):
        id, revision = line.split("\t")
        told = receiver.revisions.get(id)
        if told != int(revision):
            findings.add("an event is lost", f"{id}: the last one told of revision {told}, and it has {revision}")


def logs(service, faults, findings):
    """What the service says of itself that no fault explains; how often it said what, for people."""
    said = collections.Counter()
    crashed = 0
    for name in ("serve", "work"):
        with open(service.state / f"log/{name}.log", errors="replace") as lines:
            for line in lines:
                if not line.startswith("{"):
                    said[f"{name}: {line.strip()[:100]}"] += 1
                    if re.search(r"Fatal error|crash|overflow|\*\*\*", line):
                        findings.add("a process of the service crashed", line.strip()[:500])
                    continue
                entry = json.loads(line)
                if entry["level"] in ("warning", "error", "critical"):
                    said[f"{name}: {entry['level']}: {entry['message']}"] += 1
                if entry["message"] == "worker ended":
                    crashed += entry["how"] != KILLED
                    if entry["how"] != KILLED:
                        findings.add("a worker crashed", line.strip()[:500])
                elif entry["message"] in ("unexpected failure", "storage failure", "request is stuck; the worker is replaced"):
                    findings.add(f"in the log: {entry['message']}", line.strip()[:600], entry.get("requestId", ""))
    with open(service.state / "log/nginx.log", errors="replace") as lines:
        for line in lines:
            if found := re.search(r"\[(crit|alert|emerg)\] [^:]*: (?:\*\d+ )?(.*)", line):
                text = re.sub(r"\d+|\"[^\"]*\"", "…", found[2])[:100]
                said[f"nginx: {found[1]}: {text}"] += 1
                findings.add(f"nginx's log has {found[1]}", line.strip()[:500])
    return said
