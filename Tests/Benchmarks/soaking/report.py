"""What the soak says at its end: for people at any hour, and for machines."""

import collections
import json
from dataclasses import asdict

# Operations are said in one line each; samples at these parts of the run.
COLUMNS = 6


def table(rows, head):
    rows = [[text if isinstance(text, str) else f"{text:,.1f}" if isinstance(text, float) else f"{text:,}" for text in row]
            for row in [head, *rows]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    rows.insert(1, ["-" * width for width in widths])
    for number, row in enumerate(rows):
        print("  " + "  ".join(text.ljust(width) if column == 0 or number == 1 else text.rjust(width)
                               for column, (text, width) in enumerate(zip(row, widths))).rstrip())


def operations(findings):
    print("\nOperations, by what they were answered; 'excused': a fault explains that there was no right answer\n")
    rows = []
    for what, outcomes in sorted(findings.outcomes.items()):
        excused = sum(count for name, count in outcomes.items() if name not in ("right", "WRONG"))
        rows.append([what, outcomes["right"], excused, outcomes["WRONG"], round(findings.slowest[what], 2)])
    rows.append(["all", *(sum(row[column] for row in rows) for column in (1, 2, 3)), max((row[4] for row in rows), default=0)])
    table(rows, ["", "right", "excused", "WRONG", "slowest, s"])


def fault_table(faults, findings):
    print("\nFaults\n")
    done = collections.Counter(fault.kind for fault in faults.log)
    excused = collections.Counter()
    for outcomes in findings.outcomes.values():
        excused.update({name: count for name, count in outcomes.items() if name not in ("right", "WRONG")})
    table([[kind, done[kind], excused[kind]] for kind in sorted(done)], ["", "times", "answers excused"])


def sample_table(sampler):
    """Some samples side by side, from the first to the last."""
    samples = sampler.all
    if len(samples) > COLUMNS:
        samples = [samples[round(number * (len(samples) - 1) / (COLUMNS - 1))] for number in range(COLUMNS)]
    print("\nSamples (resting: without load)\n")
    rows = []
    for role in ("supervisor", "worker", "job runner", "nginx worker", "MariaDB"):
        for field, unit in (("megabytes", "MB"), ("descriptors", "descriptors"), ("threads", "threads")):
            rows.append([f"{role}, most {unit}", *(sample.most(role, field) for sample in samples)])
    rows.append(["workers", *(len(sample.of("worker")) for sample in samples)])
    for name in samples[-1].files:
        rows.append([f"files: {name}", *(sample.files[name] for sample in samples)])
    names = next((list(sample.counts) for sample in samples if sample.counts), [])
    for name in names:
        rows.append([f"rows: {name}", *(sample.counts[name] if sample.counts else "down" for sample in samples)])
    table(rows, ["", *(f"{sample.at / 60:.1f} min{' resting' if sample.is_resting else ''}" for sample in samples)])


def print_report(run):
    operations(run.findings)
    fault_table(run.faults, run.findings)
    sample_table(run.sampler)
    if run.memory:
        print("\nMemory under load, MB: medians of the first and last quarter of a process' life once warm\n")
        table(run.memory, ["", "seen", "first", "last", ""])
    else:
        print("\nNo process was seen for long enough to judge its memory: that takes 10 minutes and more.")
    if run.resting:
        print("\nThreads and descriptors at rest, of processes that lived from one rest to the next\n")
        table(run.resting, ["", "threads", "descriptors", "of these sockets", ""])
    print("\nThe service's log, warnings and worse (faults have their share)\n")
    table([[text, count] for text, count in run.said.most_common(25)], ["", "times"])
    print(f"\n{run.line}")
    verdict(run)


def verdict(run):
    found = sorted(run.findings.all.values(), key=lambda finding: -finding.count)
    if not found:
        print("\nNOTHING FOUND: no file lost, no wrong answer, no growth.")
        return
    print(f"\nFOUND: {len(found)} kinds of things that must not be\n")
    for number, finding in enumerate(found, 1):
        print(f"{number}. {finding.text} ({finding.count} times)")
        for example in finding.examples:
            print(f"   {example['at']} {('request ' + example['request']) if example['request'] else ''}")
            for line in [*example["detail"].splitlines(), *example["log"]]:
                print(f"      {line}")
    print(f"\nThe logs are kept in {run.service.state / 'log'}.")
    print(f"The same faults and operations once more: deploy/soak --minutes {run.minutes:g} --seed {run.seed}")


def write(run, path):
    content = {
        "seed": run.seed, "minutes": run.minutes, "machine": run.machine,
        "operations": {what: dict(outcomes) for what, outcomes in run.findings.outcomes.items()},
        "slowest": dict(run.findings.slowest), "faults": [asdict(fault) for fault in run.faults.log],
        "samples": run.sampler.json, "memory": run.memory, "resting": run.resting, "log": dict(run.said),
        "findings": [asdict(finding) for finding in run.findings.all.values()]}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
