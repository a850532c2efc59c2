"""What is known of each record: all that it may be, after answers that came and answers that were lost."""

import collections
import threading
import time
from dataclasses import dataclass, replace

LIVE, DELETED, GONE = "live", "deleted", "gone"


@dataclass(frozen=True)
class State:
    life: str
    is_public: bool
    sha256: str
    title: str | None = None


@dataclass
class Link:
    url: str
    # Whether it may hold, and may be revoked: both where an answer was lost.
    may_hold: bool = True
    may_be_revoked: bool = False
    revoked_at: float = 0


class Record:
    """A record as its client knows it. Only that one changes it; others read what it ever was."""

    def __init__(self, id, user, name, content, is_public):
        self.id, self.user, self.name, self.kind = id, user, name, content.kind
        state = State(LIVE, is_public, content.sha256)
        self.options = {state}
        # What it was before, and until when: a decision is reused for a moment.
        self.past = []
        self.hashes = {content.sha256}
        self.was_public = is_public
        self.born = self.file_since = time.monotonic()
        # Of the clock that tells the time, as the service goes by.
        self.deleted_at = 0
        # The content of which everything has been made.
        self.ready = None
        self.url = self.etag = None
        self.version, self.earlier = 1, {1: content.sha256}
        self.links = {}
        self.variants = {}
        # When a change was answered so that it may have been made or not, the last time.
        self.doubted_at = float("-inf")

    @property
    def state(self):
        """What it is, where that is certain."""
        return next(iter(self.options)) if len(self.options) == 1 else None

    @property
    def is_live(self):
        return all(state.life == LIVE for state in self.options)

    @property
    def may_be_live(self):
        return any(state.life == LIVE for state in self.options)

    def begin(self, **changes):
        """What a change would make of it. Noted before it is sent: others may see it before its answer comes."""
        new = {replace(state, **changes) if state.life != GONE else state for state in self.options}
        self.hashes |= {state.sha256 for state in new}
        self.was_public = self.was_public or any(state.is_public for state in new)
        return new

    def end(self, new, is_certain=True):
        now = time.monotonic()
        self.past = [(moment, state) for moment, state in self.past if moment > now - 60]
        self.past += [(now, state) for state in self.options - new]
        self.options = new if is_certain else self.options | new
        if not is_certain:
            self.doubted_at = now

    def see(self, fits):
        """Takes note of what an answer says; returns whether it can be true."""
        fitting = {state for state in self.options if fits(state)}
        if fitting:
            self.options = fitting
        return bool(fitting)

    def recent(self, began, seconds):
        """What it is, and was up to so many seconds before."""
        return self.options | {state for moment, state in self.past if moment > began - seconds}


class Model:
    """All records of all clients, and the names under which files were sent."""

    def __init__(self):
        self.lock = threading.Lock()
        self.records, self.contents = {}, {}
        self.young = collections.deque(maxlen=400)
        # By name: True where it was acknowledged, False where it was not, None where its answer was lost.
        self.sent = {}

    def content(self, content):
        with self.lock:
            return self.contents.setdefault(content.sha256, content)

    def add(self, record):
        with self.lock:
            self.records[record.id] = record
            self.young.append(record)
            self.sent[record.name] = True

    def some(self, source):
        """A young record of anybody's; nothing where there is none yet."""
        with self.lock:
            return self.young[source.randrange(len(self.young))] if self.young else None
