"""What the processes take, and what lies in the store's folders and the tables, from time to time."""

import os
import pathlib
import re
import statistics
import time
from dataclasses import asdict, dataclass

from tools import Failure, nginx_workers

# Of the store's folders those that are empty when nothing is on its way.
FOLDERS = ("incoming", "staging", "partial", "work")
COUNTS = {
    "ledger": "SELECT COUNT(*) FROM uploads",
    "publications": "SELECT COUNT(*) FROM publications",
    "uploads in pieces": "SELECT COUNT(*) FROM resumable_uploads WHERE media_id IS NULL AND failure IS NULL",
    "staged files": "SELECT COUNT(*) FROM staged_files",
    "jobs waiting": "SELECT COUNT(*) FROM jobs WHERE state = 'WAITING'",
    "jobs running": "SELECT COUNT(*) FROM jobs WHERE state = 'RUNNING'",
    "events unsent": "SELECT COUNT(*) FROM outbox WHERE settled_at IS NULL",
    "blobs to remove": "SELECT COUNT(*) FROM blob_removals",
    "records deleted": "SELECT COUNT(*) FROM media WHERE status = 'DELETED'",
    "records processing": "SELECT COUNT(*) FROM media WHERE status = 'PROCESSING'",
    "jobs failed": "SELECT COUNT(*) FROM jobs WHERE state = 'FAILED'",
    "records": "SELECT COUNT(*) FROM media",
    "blobs": "SELECT COUNT(*) FROM blobs",
    "keys of requests": "SELECT COUNT(*) FROM idempotency_keys",
    "audit log": "SELECT COUNT(*) FROM audit_log",
    "MariaDB connections": "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'media'",
}
# What has to be none once all is settled.
SETTLED = ("ledger", "publications", "uploads in pieces", "staged files", "jobs waiting", "jobs running", "events unsent",
           "blobs to remove", "records deleted", "records processing")


@dataclass
class Process:
    role: str
    id: str  # With its start: the number alone may be another's later.
    megabytes: float
    descriptors: int
    # Of these the sockets, of which each thread has one to MariaDB from when it first needs it.
    sockets: int
    threads: int


@dataclass
class Sample:
    at: float
    is_resting: bool
    processes: list
    files: dict
    # Nothing where MariaDB was down.
    counts: dict | None

    def of(self, role):
        return [process for process in self.processes if process.role == role]

    def most(self, role, field="megabytes"):
        return max((getattr(process, field) for process in self.of(role)), default=0)


class Sampler:
    def __init__(self, service, pause):
        self.service, self.pause = service, pause
        self.start = time.monotonic()
        self.all = []

    def take(self):
        return self.add(self.processes(), is_resting=False)

    def rest(self):
        """Without load: of what comes and goes by itself, such as connections of housekeeping, the least of some looks."""
        looks = []
        for _ in range(4):
            time.sleep(1)
            looks.append({process.id: process for process in self.processes()})
        least = [min((look[id] for look in looks if id in look), key=lambda process: (process.threads, process.descriptors))
                 for id in looks[-1]]
        return self.add(least, is_resting=True)

    def add(self, processes, is_resting):
        sample = Sample(time.monotonic() - self.start, is_resting, processes, self.files(), self.counts())
        self.all.append(sample)
        return sample

    def processes(self):
        service, found = self.service, []
        roles = {"supervisor": [service.process("serve")], "worker": service.workers(), "job runner": [service.process("work")],
                 "nginx": [service.process("nginx")], "nginx worker": present(nginx_workers, service.process("nginx")),
                 "MariaDB": [service.process("mariadb")]}
        for role, pids in roles.items():
            found += [process for pid in pids if (process := measure(role, pid))]
        return found

    def files(self):
        found = {name: count(self.service.store / name) for name in FOLDERS}
        found["nginx's"] = sum(count(folder) for folder in (self.service.state / "tmp").iterdir())
        found["tools"] = len(tools(self.service.state))
        return found

    def counts(self):
        query = " UNION ALL ".join(f"SELECT '{name}', ({query})" for name, query in COUNTS.items())
        try:
            return {name: int(number) for name, number in (line.split("\t") for line in self.service.sql(query))}
        except Failure:
            return None

    def lives(self, role, since=0):
        """The samples of each process of a role that was there under load, the first ones of its life left out."""
        found = {}
        for sample in self.all:
            for process in sample.of(role) if not sample.is_resting else ():
                found.setdefault(process.id, []).append((sample.at, process))
        return {id: life for id, life in found.items() if life[-1][0] > since}

    @property
    def json(self):
        return [asdict(sample) for sample in self.all]


def present(find, pid):
    """A process' children, also while some of them end."""
    while True:
        try:
            return find(pid)
        except (FileNotFoundError, ProcessLookupError):
            time.sleep(0.1)


def measure(role, pid):
    """Nothing of a process that has just ended."""
    folder = pathlib.Path(f"/proc/{pid}")
    try:
        status = (folder / "status").read_text()
        start = (folder / "stat").read_text().rpartition(")")[2].split()[19]
        targets = [os.readlink(entry.path) for entry in os.scandir(folder / "fd")]
        # nginx keeps files of decisions open until others take their places, up to the number that its configuration says.
        targets = [target for target in targets if "/run/decisions/" not in target]
    except (FileNotFoundError, ProcessLookupError):
        return None
    # What is its own. Of a mapped file, as libmagic's table is, each page counts once for each mapping, and it costs nothing to give back.
    size = re.search(r"RssAnon:\s+(\d+) kB", status)
    if not size:
        return None
    sockets = sum(target.startswith("socket:") for target in targets)
    threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
    return Process(role, f"{pid}/{start}", int(size[1]) * 1024 / 1e6, len(targets), sockets, threads)


def count(folder):
    with os.scandir(folder) as entries:
        return sum(1 for _ in entries)


def tools(state):
    """Programs that work on a file of this state folder, in their sandbox or not."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"{state}/store/work".encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def quarters(life):
    """The medians of the first and the last quarter of a process' samples."""
    part = max(1, len(life) // 4)
    return (statistics.median(process.megabytes for _, process in life[:part]),
            statistics.median(process.megabytes for _, process in life[-part:]))
