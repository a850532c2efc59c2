"""Two hosts on two nodes of a Galera cluster, with one store folder, that write to the same records at the same time."""

import base64
import collections
import hashlib
import json
import os
import random
import subprocess
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from cluster_load import Load
from tools import Failure, note, wait_until

SECONDS = 20
CLIENTS = 8
RECORDS = 10
PAIRS = 100
CONTENTS = 300
USERS = 20
# Of one user's uploads that haven't ended.
UPLOADS = 3


def together(*actions):
    """Does things at the same moment; what comes of each."""
    barrier = threading.Barrier(len(actions))

    def act(action):
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(act, actions))


def text():
    return os.urandom(500).hex().encode()


def upload(host, body, user="rivals", public=False, fields={}):
    query = urllib.parse.urlencode({"name": "file.txt", "userId": user, "isPublic": "true" if public else "false"})
    return host.ask_as_service("POST", f"/v1/media?{query}", body, {"Content-Type": "text/plain", **fields})


def uploaded(host, body, user="rivals", public=False):
    """The id of a new record."""
    answer = upload(host, body, user, public)
    if answer.status != 201:
        raise Failure(f"an upload was answered with {answer.status}: {answer.body.decode()}")
    return answer.json["id"]


def change(host, id, changes, connection=None):
    return host.ask_as_service(
        "PATCH", f"/v1/media/{id}", json.dumps(changes), {"Content-Type": "application/merge-patch+json"}, connection)


def has(host, id):
    return host.ask_as_service("GET", f"/v1/media/{id}").status == 200


def known(host, id):
    """Waits until a host knows a record that the other one has taken."""
    wait_until(lambda: has(host, id), 60, f"{id} isn't known to the other host")
    return id


# --- Conflicts -----------------------------------------------------------------------------------------------------------


class Rivals:
    """Clients of both hosts, each of which counts in the metadata of some records, and makes them public or private."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.ids = [known(hosts[1], uploaded(hosts[0], text())) for _ in range(RECORDS)]
        self.statuses = collections.Counter()
        # By record and client: the numbers that may be there.
        self.promised = collections.defaultdict(lambda: {None})

    def run(self):
        before = self.retries()
        self.end = time.monotonic() + SECONDS
        with ThreadPoolExecutor(CLIENTS) as threads:
            for counted in threads.map(self.client, range(CLIENTS)):
                self.statuses.update(counted)
        self.tried_again = self.retries() - before

    def retries(self):
        return sum(host.metric("media_database_retries_total") for host in self.hosts)

    def client(self, number):
        host = self.hosts[number % 2]
        connection = host.connection()
        statuses = collections.Counter()
        count = 0
        while time.monotonic() < self.end:
            count += 1
            id = random.choice(self.ids)
            answer = change(
                host, id, {"metadata": {f"client{number}": count}, "isPublic": random.random() < 0.5}, connection)
            statuses[answer.status] += 1
            self.promised[id, number] = {count} | (set() if answer.status == 200 else self.promised[id, number])
        return statuses

    def lost(self, node):
        """Changes that were acknowledged and aren't there."""
        names = ", ".join(f"'{id}'" for id in self.ids)
        lines = node.sql_in_step(f"SELECT id, IFNULL(metadata, '{{}}') FROM media WHERE id IN ({names})")
        rows = [line.split("\t", 1) for line in lines]
        found = {(id, number): json.loads(metadata).get(f"client{number}") for id, metadata in rows for number in range(CLIENTS)}
        return [key for key in found if found[key] not in self.promised[key]]

    def wrong_links(self):
        """Private records that nginx serves as public ones, and public ones that it doesn't."""
        return [id for id in self.ids if self.hosts[0].call("GET", f"/v1/media/{id}")["isPublic"] != self.hosts[0].has_link(id)]


def links_that_came_back(cluster, hosts):
    """Files that one host has made private or deleted, and that are public after all since the other host's node was behind.

    What that one is asked to do changes nothing.
    """
    ids = [uploaded(hosts[1], text(), public=True) for _ in range(6)]
    back = set()
    for _ in range(3):
        for id in ids:
            known(hosts[0], id)
        cluster.nodes[1].write_much()
        for id in ids[:3]:
            insist(hosts[1], "PATCH", f"/v1/media/{id}", {"isPublic": False})
        for id in ids[3:]:
            insist(hosts[1], "DELETE", f"/v1/media/{id}")
        if left := [id for id in ids if hosts[0].has_link(id)]:
            raise Failure(f"{left} are public although their change was answered")
        for id in ids:
            change(hosts[0], id, {"title": None})
        wait_until(lambda: not has(hosts[0], ids[-1]), 120, "the other node doesn't catch up")
        back.update(id for id in ids if hosts[0].has_link(id))
        for id in ids[3:]:
            insist(hosts[1], "POST", f"/v1/media/{id}/restore")
        for id in ids:
            insist(hosts[1], "PATCH", f"/v1/media/{id}", {"isPublic": True})
    return sorted(back)


def insist(host, method, target, order=None):
    """Sends a request until it is known to be done."""

    def is_done():
        answer = host.ask_as_service(
            method, target, json.dumps(order) if order else None, {"Content-Type": "application/json"})
        # Of what was done by a request that was answered with a failure there is nothing left to do.
        return answer.status in (200, 204, 404)

    wait_until(is_done, 60, f"{method} {target} isn't answered well")


def events_out_of_order(node):
    """Events whose ids don't follow the changes of their record."""
    rows = [line.split("\t") for line in node.sql_in_step(
        "SELECT media_id, JSON_VALUE(data, '$.revision') FROM outbox ORDER BY media_id, id")]
    return sum(one[0] == other[0] and int(one[1]) > int(other[1]) for one, other in zip(rows, rows[1:]))


# --- What the other host doesn't know yet --------------------------------------------------------------------------------


def unknown_records(first, second):
    """How many of a hundred new records of one host the other one doesn't know at once."""
    return sum(not has(second, uploaded(first, text())) for _ in range(100))


def given_out_after_delete(first, second):
    """How many of a hundred files the other host still gives out once the answer is there that they are deleted."""
    given_out = 0
    for _ in range(100):
        id = known(second, uploaded(first, text()))
        first.call("DELETE", f"/v1/media/{id}")
        given_out += second.ask_as_service("GET", f"/m/{id}").status == 200
    return given_out


# --- Once only -----------------------------------------------------------------------------------------------------------


def doubled_keys(hosts):
    """How often one Idempotency-Key has made two records."""
    doubled = 0
    for _ in range(PAIRS):
        body, fields = text(), {"Idempotency-Key": f"rivals-{time.monotonic_ns()}"}
        answers = together(*(lambda host=host: upload(host, body, fields=fields) for host in hosts))
        expect_statuses("an upload with a key", answers, {201, 409, 503})
        doubled += len({answer.json["id"] for answer in answers if answer.status == 201}) > 1
    return doubled


def doubled_uses(hosts):
    """How often a link for one use was used twice."""
    doubled = 0
    id = known(hosts[1], uploaded(hosts[0], text()))
    for _ in range(PAIRS):
        link = hosts[0].call("POST", f"/v1/media/{id}/links", json.dumps({"expiresIn": 600, "maxUses": 1}))
        target = link["url"].removeprefix(hosts[0].url)
        wait_until(lambda: link["id"].encode() in hosts[1].ask_as_service("GET", f"/v1/media/{id}/links").body, 60, "no link")
        answers = together(*(lambda host=host: host.ask("GET", target) for host in hosts))
        expect_statuses("a link for one use", answers, {200, 403, 503})
        doubled += [answer.status for answer in answers] == [200, 200]
    return doubled


def uploads_beyond_limit(hosts):
    """How many users get one upload more than they may have, by asking both hosts at the same time for the last one."""

    def begin(host, user):
        metadata = f"filename {base64.b64encode(b'a.txt').decode()},userId {base64.b64encode(user.encode()).decode()}"
        return host.ask_as_service("POST", "/v1/uploads", None, {
            "Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": metadata})

    beyond = 0
    for number in range(USERS):
        user = f"limited-{number}"
        known(hosts[1], uploaded(hosts[0], text(), user))
        before = [begin(hosts[0], user) for _ in range(UPLOADS - 1)]
        expect_statuses("an upload within the limit", before, {201})
        answers = together(*(lambda host=host: begin(host, user) for host in hosts))
        expect_statuses("an upload at the limit", answers, {201, 429, 503})
        beyond += [answer.status for answer in answers] == [201, 201]
    return beyond


def lost_contents(hosts):
    """How many files are gone that one host has taken while the other one removed the last record of the same content.

    Others write meanwhile, so that a node is behind the other one by some milliseconds.
    """
    promised = {}
    with Load(hosts[1]):
        for _ in range(CONTENTS):
            body = text()
            old = known(hosts[1], uploaded(hosts[0], body))
            pause = random.random() * 0.02

            def upload_again():
                time.sleep(pause)
                return upload(hosts[1], body)

            answers = together(lambda: hosts[0].ask_as_service("DELETE", f"/v1/media/{old}?hard=true"), upload_again)
            expect_statuses("a content that goes and comes", answers, {200, 201, 503})
            if answers[1].status == 201:
                promised[answers[1].json["id"]] = hashlib.sha256(body).digest()
    files = {id: hosts[1].ask_as_service("GET", f"/m/{id}") for id in promised}
    return sum(file.status != 200 or hashlib.sha256(file.body).digest() != promised[id] for id, file in files.items())


def expect_statuses(what, answers, statuses):
    for answer in answers:
        if answer.status not in statuses:
            raise Failure(f"{what} was answered with {answer.status}: {answer.body.decode(errors='replace')}")


def reconcile(host):
    """What `mediad reconcile` finds to be wrong."""
    result = subprocess.run([host.mediad, "reconcile", "--json"], env=host.environment, capture_output=True, text=True)
    lines = [json.loads(line) for line in result.stdout.splitlines() if line]
    if not lines or "found" not in lines[-1]:
        raise Failure(f"mediad reconcile ended with {result.returncode}: {result.stderr}")
    for line in lines[:-1][:20]:
        note(f"mediad reconcile: {line['kind']} {line['subject']}: {line['text']}")
    return lines[-1]["found"]
