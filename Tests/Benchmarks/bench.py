"""`deploy/bench`: runs the groups of benchmarks against one instance of the service and its peers."""

import argparse
import contextlib
import importlib
import pathlib
import shutil
import signal
import sys

import machine
import plot
from instance import Instance
from peers import Peers
from report import Report
from tools import Failure, say

# In this order: the last ones leave millions of records behind, which have no files.
GROUPS = ["delivery", "cache", "links", "tokens", "rpc", "upload", "tus", "memory", "start", "profile", "storage",
          "images", "lists", "scale"]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repository", type=pathlib.Path, required=True)
    parser.add_argument("--state", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("groups", nargs="*", default=GROUPS)
    return parser.parse_args()


def interrupt(*_):
    # Once: the cleaning up that follows is not interrupted.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(options):
    report = Report(machine.description(options.state))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, options.state, ignore_errors=True)
        instance = stack.enter_context(Instance(options.repository, options.state / "s"))
        peers = stack.enter_context(Peers(instance, options.state / "p"))
        say(report.machine["line"])
        failure = None
        for group in sorted(options.groups, key=(GROUPS + ["cluster"]).index):
            say(group)
            module = importlib.import_module(f"{group}_group")
            try:
                instance.configure(getattr(module, "SETTINGS", {}))
                module.run(instance, peers, options.rounds, report)
            except Failure as reason:
                # What was measured before is told all the same.
                failure = Failure(f"{group}: {reason}")
                break
        say("cleaning up")
    report.print()
    if options.json:
        report.write(options.json)
    if options.svg:
        options.svg.write_text(plot.svg(report))
    if failure:
        raise failure


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        run(arguments())
    except KeyboardInterrupt:
        print("ended early; nothing is left", file=sys.stderr)
        return 130
    except Failure as failure:
        print(f"failed: {failure}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
