"""What every part uses: messages, commands, waiting, free ports, processes that end with the benchmark."""

import os
import pathlib
import socket
import subprocess
import sys
import time


class Failure(Exception):
    """Something broke; a missed goal is none."""


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def note(text):
    print(f"    {text}", file=sys.stderr, flush=True)


def output(*command, **options):
    """What a command prints; it has to succeed."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if result.returncode != 0:
        words = (result.stderr or result.stdout).strip()[-2000:]
        raise Failure(f"{command[0]} ended with {result.returncode}: {words}")
    return result.stdout


def wait_until(condition, seconds, what):
    """Returns the first true value of `condition()`."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if value := condition():
            return value
        time.sleep(0.02)
    raise Failure(f"after {seconds} s: {what}")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return {int(word) for word in file.read().split()}


def nginx_workers(pid):
    """The processes of an nginx that serve. Beside them are some that look after its caches, and end once that is done."""
    return {child for child in children(pid) if b"worker process" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes()}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command, log, **options):
    """Starts a process in a session of its own (Ctrl-C is for the benchmark); it ends when the benchmark is killed."""
    with open(log, "ab") as file:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *[str(word) for word in command]],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, **options)


def end(process, seconds=10):
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def processor_seconds(pids):
    """What processes have used of the processors, in their own code and in the kernel."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:
            ticks += sum(int(word) for word in file.read().rpartition(")")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")
