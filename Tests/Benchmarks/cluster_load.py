"""Clients that write all the time, and know what they were promised."""

import collections
import hashlib
import http.client
import itertools
import json
import os
import random
import threading
import time
from dataclasses import dataclass

CLIENTS = 8
SUCCESS = (200, 201, 204)


@dataclass
class Promise:
    """What may have become of a record, by the answers that a client got."""

    sha256: str
    titles: set
    # Whether it may be there, and whether it may be deleted: both where a request was answered with a failure.
    may_be_there: bool = True
    may_be_deleted: bool = False

    def fault(self, row):
        """What is wrong with the record as a node has it; None where the promise is kept."""
        if row is None:
            return "is lost"
        sha256, is_deleted, title = row
        if sha256 != self.sha256:
            return f"has the hash {sha256}, not {self.sha256}"
        if not (self.may_be_deleted if is_deleted else self.may_be_there):
            return "is deleted" if is_deleted else "is there again"
        if not is_deleted and title not in self.titles:
            return f"has the title {title}, not {' or '.join(map(str, self.titles))}"
        return None


@dataclass
class Request:
    kind: str
    # Of the monotonic clock.
    begun: float
    ended: float
    # 0: the connection broke.
    status: int


class Load:
    """Uploads, changes, deletions and lists of small files, by some clients at once, for as long as a block runs."""

    def __init__(self, host):
        self.host = host
        self.promises = {}
        self.requests = []
        self.ending = threading.Event()
        self.faults = []
        self.threads = [threading.Thread(target=self.client, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, type, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        self.ended = time.monotonic()
        if self.faults and not type:
            raise self.faults[0]

    def client(self, number):
        try:
            Client(self, f"cluster-{number}-{time.monotonic_ns()}").run()
        except Exception as fault:
            self.faults.append(fault)

    def statuses(self):
        """How often requests were answered with each status."""
        return collections.Counter(request.status for request in self.requests)

    def longest_pause(self, moment):
        """Of the times after a moment in which no write was acknowledged, the longest, in seconds."""
        ends = sorted(
            request.ended for request in self.requests
            if request.kind != "list" and request.status in SUCCESS and request.ended > moment)
        return max(later - earlier for earlier, later in itertools.pairwise([moment, *ends, self.ended]))

    def broken_promises(self, rows):
        """What is wrong with the records, of which a node has `rows`."""
        faults = {id: promise.fault(rows.get(id)) for id, promise in self.promises.items()}
        return [f"{id} {fault}" for id, fault in faults.items() if fault]

    def missing_files(self):
        """The records that were acknowledged and whose file isn't what was uploaded."""
        files = {id: self.host.blob({"sha256": promise.sha256}) for id, promise in self.promises.items()}
        return [
            f"{id} has no file" for id, file in files.items()
            if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != self.promises[id].sha256]


class Client:
    def __init__(self, load, user):
        self.load = load
        self.host = load.host
        self.user = user
        self.mine = []
        self.connection = None

    def run(self):
        steps = [self.upload, self.change, self.list, self.upload, self.change, self.delete]
        while not self.load.ending.is_set():
            for step in steps:
                step()

    def ask(self, kind, method, target, body=None, type="application/json"):
        """The answer; None where it says that something failed, or there was none."""
        begun = time.monotonic()
        try:
            self.connection = self.connection or self.host.connection()
            answer = self.host.ask_as_service(method, target, body, {"Content-Type": type}, self.connection)
        except (OSError, http.client.HTTPException):
            self.connection = None
            answer = None
        status = answer.status if answer else 0
        self.load.requests.append(Request(kind, begun, time.monotonic(), status))
        if status in SUCCESS:
            return answer
        # As clients should.
        time.sleep(0.1)
        return None

    def upload(self):
        body = os.urandom(random.randint(100, 2000)).hex().encode()
        answer = self.ask("upload", "POST", f"/v1/media?name=file.txt&userId={self.user}", body, "text/plain")
        if answer:
            id = answer.json["id"]
            self.load.promises[id] = Promise(hashlib.sha256(body).hexdigest(), {"NULL"})
            self.mine.append(id)

    def change(self):
        if not self.mine:
            return
        id, title = random.choice(self.mine), os.urandom(8).hex()
        promise = self.load.promises[id]
        if self.ask("change", "PATCH", f"/v1/media/{id}", json.dumps({"title": title})):
            promise.titles = {title}
        else:
            promise.titles = {*promise.titles, title}

    def list(self):
        self.ask("list", "GET", f"/v1/users/{self.user}/media?limit=100")

    def delete(self):
        if len(self.mine) <= 5:
            return
        id = self.mine.pop(random.randrange(len(self.mine)))
        promise = self.load.promises[id]
        promise.may_be_deleted = True
        promise.may_be_there = self.ask("delete", "DELETE", f"/v1/media/{id}") is None
