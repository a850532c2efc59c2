"""What is wrong, each once with some examples, and how often each operation came out how."""

import collections
import threading
import time
from dataclasses import dataclass, field

from tools import note

EXAMPLES = 3


@dataclass
class Finding:
    text: str
    count: int = 0
    # Moment, request and what more there is to know.
    examples: list = field(default_factory=list)


class Findings:
    def __init__(self):
        self.lock = threading.Lock()
        self.all = {}
        # By operation: answers as they have to be, those that a fault explains, and others; and the slowest.
        self.outcomes = collections.defaultdict(collections.Counter)
        self.slowest = collections.Counter()

    def add(self, text, detail="", request=""):
        with self.lock:
            finding = self.all.setdefault(text, Finding(text))
            finding.count += 1
            if finding.count == 1:
                note(f"FOUND: {text}: {detail.strip().splitlines()[-1][:300] if detail.strip() else ''} {request}")
            if len(finding.examples) < EXAMPLES:
                at = time.strftime("%H:%M:%S", time.gmtime())
                finding.examples.append({"at": at, "request": request, "detail": detail, "log": []})

    def count(self, what, outcome, seconds=0):
        with self.lock:
            self.outcomes[what][outcome] += 1
            self.slowest[what] = max(self.slowest[what], seconds)

    @property
    def total(self):
        with self.lock:
            return sum((sum(each.values()) for each in self.outcomes.values()), 0)

    def look_up(self, folder):
        """Adds what the logs say of the requests that are shown."""
        wanted = {example["request"]: example["log"] for finding in self.all.values() for example in finding.examples
                  if example["request"]}
        if not wanted:
            return
        for name in ("serve", "access", "work"):
            with open(folder / f"{name}.log", errors="replace") as lines:
                for line in lines:
                    for request, found in wanted.items():
                        if request in line and len(found) < 8:
                            found.append(f"{name}.log: {line.strip()[:600]}")
