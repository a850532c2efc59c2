"""From the start of `mediad serve` with one worker to its first answer, as FastCGI."""

import contextlib
import os
import time

import fastcgi
from tools import Failure, end, note, start

GROUP = "start"


def run(instance, peers, rounds, report):
    record = instance.upload(os.urandom(5120).hex().encode(), "start.txt", "text/plain")
    folder = peers.folder / "start"
    folder.mkdir()
    environment = instance.settings_file(folder / "settings.env", MEDIA_RUN_DIR=folder, MEDIA_WORKERS=1)
    socket = folder / "api.sock"

    def ours():
        return start([instance.mediad, "serve"], folder / "log", env=environment)

    def in_c():
        return peers.start_program(socket, workers=1)

    download = f"/m/{record['id']}"
    alive, first, peer = [], [], []
    # Short, so twice as often.
    for _ in range(rounds * 2):
        alive.append(milliseconds(ours, socket, "/healthz", instance))
        first.append(milliseconds(ours, socket, download, instance))
        peer.append(milliseconds(in_c, socket, download, instance))
    note(f"/healthz {min(alive):.0f} … {max(alive):.0f} ms, download {min(first):.0f} … {max(first):.0f} ms, "
         f"in C {min(peer):.0f} … {max(peer):.0f} ms")
    report.measure(GROUP, "first answer (/healthz)", alive, "ms", limit=150)
    report.measure(GROUP, "first download decided", first, "ms", limit=150)
    report.compare(GROUP, "first download decided", first, peer, "the same in C", "ms", more_is_better=False)
    instance.delete(record)


def milliseconds(begin, socket, target, instance):
    socket.unlink(missing_ok=True)
    began = time.monotonic()
    process = begin()
    try:
        answer = None
        while answer is None:
            if process.poll() is not None or time.monotonic() - began > 10:
                raise Failure(f"no answer within 10 s of the start; see {socket.parent}/log")
            with contextlib.suppress(FileNotFoundError, ConnectionError):
                answer = fastcgi.ask(socket, target, instance.authorization)
            time.sleep(0.0002)
        if not answer.startswith("Status: 200"):
            raise Failure(f"the first answer was {answer}")
        return (time.monotonic() - began) * 1000
    finally:
        end(process)
