"""What is done to the service while it works, and what answers that excuses."""

import os
import random
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

from soaking.service import WORKERS
from tools import note, wait_until

# Seconds for which what a fault has left behind may still be met once it is mended.
AFTER = {"worker killed": 3, "MariaDB killed": 6, "nginx reloaded": 3, "job runner killed": 15}


@dataclass
class Fault:
    kind: str
    began: float
    # Moment of the day, for people.
    at: str
    what: str = ""
    ended: float | None = None

    def meets(self, began, ended):
        """Whether a request of that time may have noticed."""
        return ended >= self.began and (self.ended is None or began <= self.ended + AFTER.get(self.kind, 0))


class Faults:
    """Does one after the other, at moments and in an order that follow from the seed."""

    def __init__(self, instance, receiver, seed):
        self.instance, self.receiver = instance, receiver
        self.source = random.Random(f"{seed} faults")
        self.log = []
        self.stopping = threading.Event()
        self.error = None
        # Workers that are left alone, to see what becomes of one that lives long.
        self.survivors = set()
        self.kinds = {
            "worker killed": self.kill_worker, "job runner killed": self.kill_runner, "MariaDB killed": self.kill_database,
            "service reloaded": self.reload_service, "nginx reloaded": self.reload_nginx, "worker stopped": self.stop_worker,
            "webhook refused": self.refuse_events}

    # --- What they excuse ---------------------------------------------------------------------------------------------------

    def explain(self, began, ended, status=None, retries=False, is_reused=False):
        """The kind of fault that a request without a right answer met, if it explains that.

        `retries` is whether the answer says when to try again.
        """
        kinds = {fault.kind for fault in self.log if fault.meets(began, ended)}
        if status is None:
            if "worker killed" in kinds:
                return "worker killed"
            # A connection on which nothing was going on may be closed just when a request is sent on it (RFC 9112 §9.6).
            return "nginx reloaded" if is_reused and "nginx reloaded" in kinds else None
        if status in (502, 504) and retries and "worker killed" in kinds:
            return "worker killed"
        return "MariaDB killed" if status == 503 and retries and "MariaDB killed" in kinds else None

    def met(self, kind, began, ended):
        return any(fault.kind == kind and fault.meets(began, ended) for fault in self.log)

    # --- When ---------------------------------------------------------------------------------------------------------------

    def run(self, kinds, until):
        """Does faults of these kinds until that moment: each once, in any order, then each again."""
        order = []
        try:
            while not self.stopping.wait(self.source.uniform(4, 12)) and time.monotonic() < until:
                if not order:
                    order = self.source.sample(kinds, len(kinds))
                self.do(order.pop())
        except Exception as error:  # for the thread that waits for this one
            self.error = error

    def do(self, kind):
        fault = Fault(kind, time.monotonic(), time.strftime("%H:%M:%S", time.gmtime()))
        self.log.append(fault)
        fault.what = self.kinds[kind]() or ""
        fault.ended = time.monotonic()
        note(f"{fault.at} {kind}{': ' if fault.what else ''}{fault.what}")

    # --- Each -----------------------------------------------------------------------------------------------------------------

    def kill_worker(self):
        victim = self.source.choice(sorted(self.instance.workers() - self.survivors) or sorted(self.instance.workers()))
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in self.instance.workers() and len(self.instance.workers()) >= WORKERS, 30,
                   "no worker came in place of the one that was killed")
        return f"process {victim}"

    def stop_worker(self):
        victim = self.source.choice(sorted(self.instance.workers()))
        os.kill(victim, signal.SIGSTOP)
        self.stopping.wait(3)
        os.kill(victim, signal.SIGCONT)
        return f"process {victim}, for 3 s"

    def kill_runner(self):
        return self.instance.replace("work", signal.SIGKILL)

    def kill_database(self):
        down = self.source.uniform(0, 3)
        what = self.instance.replace("mariadb", signal.SIGKILL, down)
        wait_until(self.database_answers, 60, "MariaDB takes no connections after its restart")
        return f"{what}, down for {down:.1f} s"

    def database_answers(self):
        path = self.instance.settings["MEDIA_DATABASE_SOCKET"]
        command = ["mariadb-admin", "--no-defaults", f"--socket={path}", "-u", "root", "ping"]
        return subprocess.run(command, capture_output=True).returncode == 0

    def reload_service(self):
        os.kill(self.instance.process("serve"), signal.SIGHUP)

    def reload_nginx(self):
        os.kill(self.instance.process("nginx"), signal.SIGHUP)

    def refuse_events(self):
        seconds = self.source.uniform(1, 8)
        self.receiver.refuses = True
        self.stopping.wait(seconds)
        self.receiver.refuses = False
        return f"for {seconds:.1f} s"
