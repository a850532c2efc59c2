"""Requests by wrk, and what is compared taking turns at them."""

import re

from tools import Failure, note, output, processor_seconds

# Of one turn; every request has to be answered within it.
SECONDS = 3


def target(url, fields={}):
    """A URL and the header fields to ask for it with, as words for wrk."""
    return [url, *(word for name, value in fields.items() for word in ("-H", f"{name}: {value}"))]


def rate(target, connections=32):
    """Requests a second that the connections get answered."""
    text = output("wrk", f"-c{connections}", f"-t{min(connections, 2)}", f"-d{SECONDS}s", *target)
    if fault := re.search(r"Non-2xx.*|Socket errors: connect [^0].*", text):
        raise Failure(f"{target[0]}: {fault[0]}")
    answered = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    if not answered:
        raise Failure(f"{target[0]}: no answer within {SECONDS} s")
    return answered


def take_turns(targets, rounds, processes={}, connections=32):
    """Measures all targets one after the other, round by round.

    Returns the rates of each, and what a request costs in µs of processor time those whose processes are named.
    """
    for words in targets.values():
        rate(words, connections)
    rates = {name: [] for name in targets}
    costs = {name: [] for name in processes}
    for round in range(rounds):
        for name, words in targets.items():
            before = processor_seconds(processes.get(name, []))
            rates[name].append(rate(words, connections))
            if name in processes:
                used = processor_seconds(processes[name]) - before
                costs[name].append(used / (rates[name][-1] * SECONDS) * 1e6)
        note(f"round {round + 1} of {rounds}: " + ", ".join(f"{name} {rates[name][-1]:,.0f}/s" for name in targets))
    return rates, costs


def compare_with_c(instance, peers, path, fields, rounds):
    """The turns of the service and of the C program at one download."""
    targets = {"ours": target(instance.url + path, fields), "C": target(peers.url + path, fields)}
    return take_turns(targets, rounds, {"ours": instance.busy(), "C": peers.busy()})


def report_with_c(report, group, name, rates, costs, goal):
    report_with(report, group, name, rates, costs, "C", "the same in C", goal)


def report_with(report, group, name, rates, costs, peer, title, goal):
    """Adds the rates of `take_turns` and what they cost; `peer` is the other one's name there."""
    report.compare(group, name, rates["ours"], rates[peer], title, "requests/s", goal=goal)
    # Less at the mercy of what else the machine does than the rate is.
    report.compare(
        group, "the same: workers, nginx and MariaDB", costs["ours"], costs[peer], title, "CPU µs/request", more_is_better=False)
