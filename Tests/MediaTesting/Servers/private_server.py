"""What the starters in this folder share: free ports, children that can't outlive them, a signed first request.

A starter is called with FOLDER ACCESS_KEY SECRET_KEY. When its server has answered signed requests, it prints
{"endpoint": "http://127.0.0.1:PORT", "region": "…"} and runs until its standard input ends or SIGTERM comes.
Everything it writes, the logs too, is below FOLDER; nothing there is of use after it has ended.
"""

import ctypes
import datetime
import glob
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None)
# Nothing of the caller's reaches the daemons, above all no other Python's paths.
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
    "EVENTLET_NO_GREENDNS": "yes",
}


class Failure(Exception):
    """The server can't be had; the text says why."""


def free_ports(count):
    """Ports of loopback that nobody listens on, below the range that outgoing connections take theirs from."""
    ports = []
    for port in random.sample(range(10000, 20000), 2000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise Failure("no port is free")


class PrivateServer:
    """The daemons below one folder."""

    def __init__(self, folder, access_key, secret_key):
        self.folder = os.path.abspath(folder)
        self.access_key = access_key
        self.secret_key = secret_key
        self.port = None
        self.region = "us-east-1"
        self.deadline = time.monotonic() + 90
        self.daemons = {}
        os.makedirs(self.folder, exist_ok=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def make_folder(self, *names):
        os.makedirs(self.path(*names))
        return self.path(*names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def spawn(self, name, command):
        starter = os.getpid()

        def die_with_starter():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != starter:  # it ended before the signal was asked for
                os._exit(1)

        with open(self.path(f"{name}.log"), "ab") as log:
            try:
                return subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                    env={**ENVIRONMENT, "PYTHONPATH": self.folder}, preexec_fn=die_with_starter)
            except FileNotFoundError as error:
                raise Failure(f"{command[0]} is not installed") from error

    def start(self, name, *command):
        """Starts a daemon, which has to stay in the foreground."""
        self.daemons[name] = self.spawn(name, command)

    def run(self, name, *command):
        """Runs a command to its end."""
        child = self.spawn(name, command)
        while child.poll() is None:
            self.pause(0.01)
        if child.returncode:
            raise Failure(f"{command[0]} ended with {child.returncode}")

    def pause(self, seconds):
        """Waits a while; ends this process when the caller is gone, and fails when a daemon is."""
        if select.select([sys.stdin], [], [], seconds)[0] and not os.read(sys.stdin.fileno(), 4096):
            sys.exit(0)
        for name, daemon in self.daemons.items():
            if daemon.poll() is not None:
                raise Failure(f"{name} ended with {daemon.returncode}")
        if time.monotonic() > self.deadline:
            raise Failure("not ready in time")

    def wait_for_port(self, port):
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                self.pause(0.02)

    def wait_for_log(self, name, text):
        while True:
            with open(self.path(f"{name}.log"), encoding="utf-8", errors="replace") as log:
                if text in log.read():
                    return
            self.pause(0.02)

    def request(self, method, path, query=""):
        """Sends one request signed with AWS Signature Version 4, gives the body of its answer."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        headers = {
            "host": f"127.0.0.1:{self.port}", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": now,
        }
        names = ";".join(headers)
        lines = [method, path, query, *map(":".join, headers.items()), "", names, "UNSIGNED-PAYLOAD"]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/") + ["\n".join(["AWS4-HMAC-SHA256", now, scope, digest])]:
            key = hmac.digest(key, part.encode(), "sha256")
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={key.hex()}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"{path}?{query}", headers=headers)
            response = connection.getresponse()
            body = response.read().decode(errors="replace")
        finally:
            connection.close()
        if response.status >= 300:
            raise Failure(f"{method} {path} answered {response.status}: {body}")
        return body

    def warm_up(self):
        """Does once what makes a server create its pools and containers, so that no test waits for that."""
        self.request("PUT", "/warm-up")
        upload = re.search("<UploadId>(.+?)<", self.request("POST", "/warm-up/object", "uploads="))[1]
        self.request("DELETE", "/warm-up/object", "uploadId=" + urllib.parse.quote(upload, safe=""))
        self.request("PUT", "/warm-up/object")
        self.request("DELETE", "/warm-up/object")
        self.request("DELETE", "/warm-up")

    def stop(self):
        """Kills the daemons: an orderly end would only take time for writing what nobody reads."""
        for daemon in self.daemons.values():
            daemon.kill()
        try:
            while True:
                os.wait()
        except ChildProcessError:
            pass

    def log_ends(self):
        for path in sorted(glob.glob(self.path("*.log"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                yield from [f"--- {path}", *filter(str.strip, file.read().splitlines()[-30:])]


def main(start):
    """Runs a starter: `start` is given the PrivateServer, starts its daemons and sets its port."""
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} FOLDER ACCESS_KEY SECRET_KEY")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)  # so that stop() also waits for what a daemon had forked
    server = PrivateServer(*sys.argv[1:])
    try:
        start(server)
        server.wait_for_port(server.port)
        server.warm_up()
        print(json.dumps({"endpoint": f"http://127.0.0.1:{server.port}", "region": server.region}), flush=True)
        server.deadline = float("inf")
        while True:
            server.pause(1)
    except (Failure, OSError) as failure:
        sys.exit("\n".join([f"{sys.argv[0]}: {failure}", *server.log_ends()]))
    finally:
        server.stop()
