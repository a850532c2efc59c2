"""A client: asks, looks whether the answer can be right, and keeps its part of the model."""

import json
import random
import threading
import time
import traceback
import urllib.parse
from dataclasses import replace

from credentials import token
from soaking import changes, downloads, lookups, uploads
from soaking.contents import Content
from soaking.model import DELETED, GONE, LIVE, Record, State
from soaking.service import RESTORABLE
from soaking.session import NOTHING_DONE, Broken, Session

# For how long something may be tried until it is answered.
PERSISTENCE = 120


class Unexpected(Exception):
    """An answer that is noted as a finding; what was going on ends."""


class Client(threading.Thread):
    # Records that it keeps at a time.
    most = 40
    # What it does, and how often.
    WORK = [*uploads.WORK, *downloads.WORK, *lookups.WORK, *changes.WORK]

    def __init__(self, number, instance, model, faults, findings, seed):
        super().__init__(daemon=True, name=f"client {number}")
        self.instance, self.model, self.faults, self.findings = instance, model, faults, findings
        self.source = random.Random(f"{seed} client {number}")
        self.user, self.numbers = f"soak-{number}", number * 10_000_000
        self.session = Session(instance.port)
        self.records = []
        self.key = {"Authorization": instance.authorization}
        self.token_until = 0
        self.running, self.parked, self.ending = threading.Event(), threading.Event(), threading.Event()

    # --- What to do -----------------------------------------------------------------------------------------------------------

    def run(self):
        names, weights = [work for work, _ in self.WORK], [weight for _, weight in self.WORK]
        while not self.ending.is_set():
            if not self.running.is_set():
                self.session.close()
                self.parked.set()
                self.running.wait()
                self.parked.clear()
                continue
            work = self.source.choices(names, weights)[0]
            try:
                work(self)
            except Unexpected:
                pass
            except Exception:  # of the soak itself: noted, since nothing else would say so
                self.findings.add("the soak itself failed", traceback.format_exc())

    def forget(self):
        """Gives up records that are gone, and those that can't be restored for sure any more."""
        limit = time.time() - RESTORABLE
        self.records = [record for record in self.records if record.may_be_live
                        or (record.deleted_at > limit and DELETED in {state.life for state in record.options})]

    def record(self, fits=lambda record: True):
        """One of this client's that is there for certain; nothing where there is none."""
        found = [record for record in self.records if record.is_live and fits(record)]
        return self.source.choice(found) if found else None

    def chance(self, share):
        return self.source.random() < share

    # --- Asking ---------------------------------------------------------------------------------------------------------------

    def wrong(self, text, detail="", request=""):
        self.findings.add(text, detail, request)
        raise Unexpected(text)

    def ask(self, what, method, target, body=None, fields=None, expect=(200,), who=None):
        """The answer, if it is one of those expected; nothing where a fault explains that there is none."""
        fields = {**(self.key if who is None else who), **(fields or {})}
        try:
            answer = self.session.send(method, target, body, fields)
        except Broken as broken:
            fault = self.faults.explain(broken.began, broken.ended, is_reused=broken.is_reused)
            return self.excused(what, fault, f"{method} {target}: {broken}", "", broken.ended - broken.began)
        if answer.status in expect:
            self.findings.count(what, "right", answer.ended - answer.began)
            return answer
        fault = self.faults.explain(answer.began, answer.ended, answer.status, "retry-after" in answer.fields)
        detail = f"{method} {target}: {answer}: {answer.body[:300].decode(errors='replace')}"
        if answer.status == 404 and method == "DELETE" and self.faults.met("worker killed", answer.began, answer.ended):
            # nginx asks the next worker, which may find that the first one had done it (RFC 9110 §9.2.2).
            fault = "worker killed"
        return self.excused(what, fault, detail, answer.request, answer.ended - answer.began, answer.code, f"answered {answer}")

    def excused(self, what, fault, detail, request, seconds, code="", brief="no answer"):
        if not fault:
            self.findings.count(what, "WRONG", seconds)
            self.wrong(f"{what}: {brief}", detail, request)
        self.findings.count(what, fault, seconds)
        self.refusal = (code, brief, request)
        # As clients do that are told to come again.
        time.sleep(0.1)
        return None

    def ask_json(self, what, method, target, value, **options):
        fields = {"Content-Type": "application/json", **options.pop("fields", {})}
        return self.ask(what, method, target, json.dumps(value), fields, **options)

    def rpc(self, what, pattern, data, fields={}):
        """What a message is answered with; nothing where a fault explains that it failed, or where it is still in progress."""
        answer = self.ask_json(what, "POST", "/v1/rpc", {"pattern": pattern, "data": data, "id": "1"}, fields=fields)
        if not answer:
            return None
        error = answer.json.get("err")
        if not error:
            return answer.json["response"]
        status = error.get("statusCode") if isinstance(error, dict) else None
        if status == 409 and fields and error["code"] == "idempotency_in_progress" and "retryAfter" in error:
            return None
        fault = self.faults.explain(answer.began, answer.ended, status, bool(status and "retryAfter" in error))
        code = error.get("code") if isinstance(error, dict) else error
        return self.excused(what, fault, f"{pattern}: {error}", answer.request, 0, code, f"answered {status} {code}")

    def until_answered(self, what, ask):
        """The first answer that comes of asking again and again."""
        end = time.monotonic() + PERSISTENCE
        while not (answer := ask()):
            if time.monotonic() > end:
                self.wrong(f"{what}: not answered within {PERSISTENCE} s")
            time.sleep(self.source.uniform(0.2, 1))
        return answer

    @property
    def own(self):
        """What the owner of this client's records shows."""
        if time.monotonic() > self.token_until:
            self.token_until = time.monotonic() + 1800
            self.token = token(self.instance.token_secret, sub=self.user, roles=["STUDENT"])
        return {"Authorization": f"Bearer {self.token}"}

    # --- Records --------------------------------------------------------------------------------------------------------------

    def content(self, kind, length=0, number=None):
        self.numbers += 1
        return self.model.content(Content(kind, self.numbers if number is None else number, length))

    def name(self, content):
        self.numbers += 1
        return f"{self.numbers}.{content.kind}"

    def take_over(self, json, content, is_public, name):
        """A record that was acknowledged."""
        record = Record(json["id"], self.user, name, content, is_public)
        self.model.add(record)
        self.records.append(record)
        self.see(record, json)
        return record

    def see(self, record, json, request=""):
        """Compares a record with what it can be."""
        content = self.model.contents.get(json["sha256"])
        found = {name: json[name] for name in ("isPublic", "sha256", "title", "status", "userId", "originalName", "size")}
        expected = {"userId": record.user, "originalName": record.name, "size": content and content.size}
        life = DELETED if json["status"] == "DELETED" else LIVE
        fits = record.see(lambda state: (state.life, state.is_public, state.sha256, state.title)
                          == (life, json["isPublic"], json["sha256"], json["title"]))
        if not fits or any(found[name] != value for name, value in expected.items()):
            known = record.options
            # Said once: from here on it counts as what it is.
            record.options = {State(life, json["isPublic"], json["sha256"], json["title"])}
            self.wrong("a record isn't what it has to be", f"{record.id}: {found}, expected {known} {expected}", request)
        if json["status"] == "FAILED" or (json["status"] == "PROCESSING" and not content.is_photo):
            self.wrong(f"a good file is {json['status']}", f"{record.id} {content.type}: {json['failureReason']}", request)
        if json["status"] == "READY":
            record.ready = json["sha256"]
        record.url, record.version = json["url"], json["version"]
        return record

    def look(self, record):
        """Asks for a record until there is an answer, and narrows what it may be."""
        answer = self.until_answered("record", lambda: self.ask("record", "GET", f"/v1/media/{record.id}", expect=(200, 404)))
        if answer.status == 200:
            self.see(record, answer.json, answer.request)
            record.etag = answer.fields["etag"]
            return answer.json
        if not record.see(lambda state: state.life != LIVE):
            known, record.options = record.options, {replace(state, life=GONE) for state in record.options}
            self.wrong("404 for a record that is there", f"{record.id}: {known}", answer.request)
        return None

    def change(self, record, what, ask, **changes):
        """Asks for a change; the answer. Where it is unknown whether it was made that is looked up, and there is none."""
        before, new = record.options, record.begin(**changes)
        try:
            answer = ask()
        except Unexpected:
            record.end(new, is_certain=False)
            raise
        if answer is not None:
            if getattr(answer, "status", 200) != 412:
                record.end(new)
            return answer
        record.end(new, is_certain=False)
        refusal = self.refusal
        time.sleep(self.source.uniform(0.2, 1))
        self.look(record)
        if not record.options & before:
            self.note_done(refusal, f"{what} of {record.id}")
        return None

    def note_done(self, refusal, what):
        """Something was done although it was answered with an error: the error must not have said otherwise."""
        code, brief, request = refusal
        if code == NOTHING_DONE:
            self.findings.add(f"{what.partition(' ')[0]}: {brief}, of which nothing is done, and it was", what, request)

    def find(self, name):
        """The records of a name that was sent without an acknowledgement."""
        query = urllib.parse.urlencode({"name": name})
        answer = self.until_answered("list", lambda: self.ask("list", "GET", f"/v1/users/{self.user}/media?{query}"))
        return answer.json["media"]


class Visitor(Client):
    """A client without records: looks at those of others, which it may see or not."""

    WORK = lookups.VISITS
