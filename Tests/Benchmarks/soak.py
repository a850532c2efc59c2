"""`deploy/soak`: a mixed load on one instance of the service, with faults, that shows lost files, wrong answers and growth."""

import argparse
import collections
import contextlib
import pathlib
import random
import shutil
import signal
import sys
import threading
import time

import machine
from soaking import checks, contents, judge, report
from soaking.client import Client, Visitor
from soaking.faults import Faults
from soaking.findings import Findings
from soaking.model import Model
from soaking.receiver import Receiver
from soaking.samples import Sampler
from soaking.service import WORKERS, Service
from tools import Failure, note, say, wait_until

CLIENTS, VISITORS = 9, 3
# In the second half nothing is replaced but one worker, which is killed: all others have to stay as they are.
ENDURED = ["worker killed", "MariaDB killed", "worker stopped", "webhook refused"]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repository", type=pathlib.Path, required=True)
    parser.add_argument("--state", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args()


class Run:
    def __init__(self, options, service, receiver, findings):
        self.service, self.receiver, self.findings = service, receiver, findings
        self.seed, self.minutes = options.seed, options.minutes
        self.machine = machine.description(options.state)
        self.model = Model()
        self.faults = Faults(service, receiver, self.seed)
        # Often enough for a quarter of the samples to say something.
        self.sampler = Sampler(service, pause=max(5, min(30, self.minutes * 60 / 40)))
        kinds = [Client] * CLIENTS + [Visitor] * VISITORS
        self.clients = [kind(number, service, self.model, self.faults, findings, self.seed)
                        for number, kind in enumerate(kinds, 1)]
        self.stood_still = 0
        self.memory, self.resting, self.said, self.line = [], [], collections.Counter(), self.machine["line"]

    # --- Load ---------------------------------------------------------------------------------------------------------------

    def load(self):
        """Warms up, does all faults, then those that most processes live through; these rest once before the end."""
        seconds = self.minutes * 60
        for client in self.clients:
            client.start()
        self.work(min(90, seconds * 0.1), [])
        self.work(seconds * 0.35, list(self.faults.kinds))
        wait_until(lambda: len(self.service.workers()) == WORKERS, 90, "old workers don't end after a reload")
        self.faults.survivors = set(sorted(self.service.workers())[1:])
        self.work(seconds * 0.2, ENDURED)
        self.rest()
        self.work(seconds * 0.35, ENDURED)

    def work(self, seconds, kinds):
        """Load for so long, with faults of these kinds."""
        end = time.monotonic() + seconds
        for client in self.clients:
            client.running.set()
        fault = threading.Thread(target=self.faults.run, args=(kinds, end - 8), daemon=True) if kinds else None
        if fault:
            fault.start()
        before, next_sample = self.findings.total, time.monotonic() + self.sampler.pause
        while time.monotonic() < end:
            self.breathe()
            if self.faults.error:
                raise self.faults.error
            if time.monotonic() > next_sample:
                next_sample += self.sampler.pause
                before = self.tell(self.sampler.take(), before)
        if fault:
            fault.join()

    def breathe(self):
        """A moment; one that takes long is the machine's, and may explain what is found then."""
        start = time.time()
        time.sleep(0.2)
        if (seconds := time.time() - start) > 5:
            self.stood_still += seconds
            note(f"the machine stood still for {seconds:.0f} s")

    def tell(self, sample, before):
        total = self.findings.total
        rows = sample.counts or {}
        workers = "/".join(f"{each.megabytes:.0f}" for each in sample.of("worker"))
        note(f"{sample.at / 60:5.1f} min  {(total - before) / self.sampler.pause:5.0f} operations/s  "
             f"{len(self.faults.log):3} faults  workers {workers} MB  "
             f"jobs {rows.get('jobs waiting', '?')}  records {rows.get('records', '?')}  "
             f"FOUND {len(self.findings.all)}")
        return total

    def park(self):
        for client in self.clients:
            client.running.clear()
        wait_until(lambda: all(client.parked.is_set() for client in self.clients), 300, "a client doesn't come to an end")

    def rest(self):
        """A look without load, when nginx has closed its idle connections."""
        say("resting")
        self.park()
        time.sleep(8)
        self.sampler.rest()

    def stop(self):
        say("the load ends")
        self.faults.stopping.set()
        self.park()
        for client in self.clients:
            client.ending.set()
            client.running.set()
        for client in self.clients:
            client.join()

    # --- The end --------------------------------------------------------------------------------------------------------------

    def judge(self):
        self.stop()
        say("waiting until all is settled")
        last = checks.settle(self.sampler, self.findings)
        self.resting = judge.resting(self.sampler, self.service, self.findings)
        self.memory = judge.memory(self.sampler, self.findings)
        judge.settled(last, self.findings)
        say("looking for what is lost, or should not be there")
        there = checks.files(self.service, self.model, self.findings)
        checks.strangers(self.service, self.model, self.findings)
        count = checks.blobs(self.service, self.findings)
        checks.own_checks(self.service, self.findings)
        checks.events(self.receiver, self.model, self.findings)
        checks.last_events(self.service, self.receiver, self.findings)
        self.said = checks.logs(self.service, self.faults, self.findings)
        self.findings.look_up(self.service.state / "log")
        self.line = (
            f"seed {self.seed}, {self.minutes:g} minutes, {self.findings.total:,} operations by {len(self.clients)} clients, "
            f"{len(self.faults.log)} faults; {len(self.model.records):,} records were acknowledged, {there:,} are there, "
            f"{count:,} blobs; {len(self.receiver.seen):,} events, {self.receiver.repeated:,} came twice\n"
            + (f"the machine stood still for {self.stood_still:.0f} s, which may explain something\n" if self.stood_still else "")
            + self.machine["line"])


def soak(options):
    findings = Findings()
    say(f"seed {options.seed}")
    contents.prepare()
    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(Receiver(findings))
        service = stack.enter_context(Service(options.repository, options.state / "s"))
        receiver.subscribe(service)
        run = Run(options, service, receiver, findings)
        stack.callback(run.faults.stopping.set)
        say(run.machine["line"])
        for step in (run.load, run.judge):
            try:
                step()
            except Failure as failure:
                findings.add("the soak could not go on", str(failure))
        say("ending the service")
    report.print_report(run)
    if options.json:
        report.write(run, options.json)
    if not findings.all:
        shutil.rmtree(options.state)
        return 0
    # Of what was found the logs tell more; the data is not needed for that.
    for name in ("mariadb", "store", "nginx", "tmp"):
        shutil.rmtree(options.state / "s" / name)
    return 1


def interrupt(*_):
    # Once: the cleaning up that follows is not interrupted.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    options = arguments()
    try:
        return soak(options)
    except KeyboardInterrupt:
        shutil.rmtree(options.state, ignore_errors=True)
        print("ended early; nothing is left", file=sys.stderr)
        return 130
    except Failure as failure:
        print(f"failed: {failure}", file=sys.stderr)
        return 1


sys.exit(main())
