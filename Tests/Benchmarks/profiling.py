"""What a request costs a worker's thread in instructions and allocations, counted by Valgrind: the same whatever else the machine does.

As a program, for the tests: ends with 1 where something costs more than the budget that `budgets.json` has for it.
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
# Of each request in every run, and of one of them in a run of its own beyond that: the difference is free of what a start costs.
FEW, MORE = 10, 100
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}


def stripped(mediad, folder):
    """The program without what is there for debuggers, which Valgrind of Debian 12 can't read."""
    path = pathlib.Path(folder) / "mediad"
    output("strip", "--strip-debug", "-o", path, mediad)
    return path


def costs(mediad, environment, folder, requests):
    """Instructions and allocations of each request, on the mean. `mediad` is stripped."""
    every = list(requests.values()) * FEW
    few = count(mediad, environment, folder, every)
    for name, request in requests.items():
        many = count(mediad, environment, folder, every + [request] * MORE)
        yield name, {what: (many[what] - few[what]) / MORE for what in few}


def count(mediad, environment, folder, requests):
    with tempfile.TemporaryDirectory(dir=folder) as place:
        place = pathlib.Path(place)
        command = [
            "valgrind", "--tool=callgrind", "--trace-children=yes", "--separate-threads=yes",
            f"--callgrind-out-file={place}/%p.out", mediad, "serve"]
        socket = place / "api.sock"
        process = start(command, place / "log", env={**environment, "MEDIA_RUN_DIR": str(place), "MEDIA_WORKERS": "1", "MEDIA_API_THREADS": "1"})
        try:
            wait_until(lambda: answers(socket) or process.poll() is not None, 120, "no answer below Valgrind")
            for request in requests:
                answer = fastcgi.ask(socket, timeout=60, **request)
                if not answer or not answer.startswith("Status: 200"):
                    raise Failure(f"{request['target']} was answered with {answer}")
        finally:
            end(process, 60)
        outputs = [path.read_text() for path in place.glob("*.out-*")]
        threads = [counted(text) for text in outputs
                   if re.search(r"^cmd:.* worker\b", text, re.MULTILINE) and not re.search(r"^thread: 1$", text, re.MULTILINE)]
        if not threads:
            raise Failure(f"no worker has said what it did: {(place / 'log').read_text()[-2000:]}")
        # The one that answers. What the others do, they do by the clock.
        return max(threads, key=lambda thread: thread["instructions"])


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
    parser.add_argument("--requests", type=json.loads, required=True, help="what to ask for, by name; JSON")
    options = parser.parse_args()
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        mediad = stripped(options.mediad, folder)
        for request in options.requests.values():
            request["body"] = request.get("body", "").encode()
        for name, found in costs(mediad, dict(os.environ), folder, options.requests):
            most = budget(options.kind, name)
            note(f"{name}: " + ", ".join(f"{value:,.0f} {what} of {most.get(what, 0):,}" for what, value in found.items()))
            faults += [f"{name}: {value:,.0f} {what}, {most.get(what, 0):,} are the budget"
                       for what, value in found.items() if value > most.get(what, 0)]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
