"""What a request costs a worker in instructions and allocations, counted by Valgrind: the same whatever else the machine does.

As a program, for the tests: reads on standard input what is asked for, as JSON, and ends with 1 where something costs more than the budget
that `budgets.json` has for it.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import sys
import tempfile

import fastcgi
from tools import Failure, end, note, output, start, wait_until

BUDGETS = pathlib.Path(__file__).parent / "budgets.json"
# Requests before those that are counted, and in the shorter and the longer of two runs, whose difference is free of what a start costs.
WARM, FEW, MANY = 10, 20, 120
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}


def stripped(mediad, folder):
    """The program without what is there for debuggers, which Valgrind of Debian 12 can't read."""
    path = pathlib.Path(folder) / "mediad"
    output("strip", "--strip-debug", "-o", path, mediad)
    return path


def costs(mediad, environment, folder, request):
    """Instructions and allocations of a request, on the mean. `mediad` is stripped."""
    few, many = (count(mediad, environment, folder, request, WARM + number) for number in (FEW, MANY))
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in few}


def count(mediad, environment, folder, request, number):
    with tempfile.TemporaryDirectory(dir=folder) as place:
        place = pathlib.Path(place)
        command = [
            "valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={place}/%p.out", mediad, "serve"]
        socket = place / "api.sock"
        process = start(command, place / "log", env={**environment, "MEDIA_RUN_DIR": str(place), "MEDIA_WORKERS": "1"})
        try:
            wait_until(lambda: answers(socket) or process.poll() is not None, 120, "no answer below Valgrind")
            for _ in range(number):
                answer = fastcgi.ask(socket, timeout=60, **request)
                if not answer or not answer.startswith("Status: 200"):
                    raise Failure(f"{request['target']} was answered with {answer}")
        finally:
            end(process, 60)
        outputs = [path.read_text() for path in place.glob("*.out")]
        workers = [text for text in outputs if re.search(r"^cmd:.* worker\b", text, re.MULTILINE)]
        if len(workers) != 1:
            raise Failure(f"{len(workers)} workers have said what they did: {(place / 'log').read_text()[-2000:]}")
        return counted(workers[0])


def answers(socket):
    with contextlib.suppress(OSError):
        return fastcgi.ask(socket, "/healthz")


def counted(text):
    """Of a profile as callgrind writes it: a function has a number, and its name where it stands first."""
    names, allocations, called = {}, 0, ""
    for line in text.splitlines():
        if match := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
            if match[3]:
                names[match[2]] = match[3].partition("'")[0]
            if match[1]:
                called = names[match[2]]
        elif line.startswith("calls=") and called in ALLOCATORS:
            allocations += int(line[6:].split()[0])
    return {"instructions": int(re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)[1]), "allocations": allocations}


def budget(kind, name):
    """The most that something may cost in a debug or release build."""
    return json.loads(BUDGETS.read_text())[kind].get(name, {})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mediad", required=True)
    parser.add_argument("--kind", choices=["debug", "release"], required=True)
    options = parser.parse_args()
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        mediad = stripped(options.mediad, folder)
        for name, request in json.load(sys.stdin).items():
            request["body"] = request.get("body", "").encode()
            found, most = costs(mediad, dict(os.environ), folder, request), budget(options.kind, name)
            note(f"{name}: " + ", ".join(f"{value:,.0f} {what} of {most.get(what, 0):,}" for what, value in found.items()))
            faults += [f"{name}: {value:,.0f} {what}, {most.get(what, 0):,} are the budget"
                       for what, value in found.items() if value > most.get(what, 0)]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
