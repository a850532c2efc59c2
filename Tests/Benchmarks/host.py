"""One more host of the service: workers, jobs and nginx with folders of their own, beside others on the same database."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import uuid
from dataclasses import dataclass

from instance import PROCESSING, RATES, Instance
from tools import Failure, end, free_port, output, start, wait_until

# Gives what it starts a boot of its own, by which the service tells hosts apart.
AS_OTHER_HOST = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
SCOPES = "media:read,media:write,media:delete,media:sign"


@dataclass
class Answer:
    status: int
    fields: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Host(Instance):
    """What `deploy/run` starts but for MariaDB, which the settings name."""

    def __init__(self, repository, state, settings, processing=False):
        super().__init__(repository, state)
        self.given = settings
        self.processing = processing
        self.processes = {}

    def __enter__(self):
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        for name in ["run", "log", "tmp", "store"]:
            (self.state / name).mkdir(mode=0o700, parents=True)
        self.renew_boot()
        self.settings = {
            **dict(line.split("=") for line in (RATES + ("" if self.processing else PROCESSING)).splitlines()),
            # Below a /proc that is changed like this, bubblewrap can't make one of its own.
            "MEDIA_SANDBOX": "limits", "MEDIA_PUBLIC_URL": self.url, "MEDIA_LISTEN": self.port,
            "MEDIA_STORE_DIR": self.state / "store", "MEDIA_RUN_DIR": self.state / "run",
            "MEDIA_HTML_DIR": self.state / "nginx/html", "MEDIA_ACCESS_LOG": self.state / "log/access.log", **self.given}
        self.token_secret = self.settings["MEDIA_JWT_SECRET"]
        self.environment = self.settings_file(self.state / "settings.env")
        with contextlib.ExitStack() as stack:
            stack.callback(self.stop)
            output(self.mediad, "migrate", env=self.environment)
            shutil.copytree(self.repository / "nginx", self.state / "nginx")
            output(self.mediad, "nginx", self.state / "nginx/media/instance", env=self.environment)
            self.start("serve")
            self.start("work")
            # nginx receives bodies there.
            wait_until((self.store / "incoming").is_dir, 30, "a host makes no store")
            user = "user root; " if os.getuid() == 0 else ""
            self.run(
                "nginx", "nginx", "-p", self.state, "-c", self.state / "nginx/nginx.conf", "-g", f"daemon off; {user}")
            wait_until(self.is_ready, 30, "a host doesn't get ready")
            # A key is the database's, and so good for all of its hosts.
            self.key = self.make_key(SCOPES)
            stack.pop_all()
        return self

    # --- Processes ------------------------------------------------------------------------------------------------------

    def start(self, name):
        """Starts `mediad serve` or `mediad work`."""
        apart = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
        self.run(name, *apart, "sh", "-c", AS_OTHER_HOST, self.state / "boot", self.mediad, name)

    def run(self, name, *command):
        self.processes[name] = start(command, self.state / f"log/{name}.log", env=self.environment)

    def end(self, name):
        if process := self.processes.pop(name, None):
            end(process, 75)

    def stop(self):
        for name in ["nginx", "serve", "work"]:
            self.end(name)

    def kill(self, name):
        """Ends a process without a word to it."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def kill_workers(self):
        """Ends what answers requests, without a word; others take its place."""
        for worker in self.workers():
            os.kill(worker, signal.SIGKILL)

    def renew_boot(self):
        boot = uuid.uuid4()
        # As the service names it.
        self.boot = boot.hex
        (self.state / "boot").write_text(f"{boot}\n")

    def boot_anew(self):
        """Workers and jobs as after a power cut: what was not synced by then may be anything."""
        for name in ["serve", "work"]:
            self.end(name)
        self.renew_boot()
        for name in ["serve", "work"]:
            self.start(name)
        wait_until(self.is_ready, 30, "a host doesn't get ready again")

    def process(self, name):
        return self.processes[name].pid

    def is_ready(self):
        """A Failure where something has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise Failure(f"{name} ended: {(self.state / f'log/{name}.log').read_text()[-2000:]}")
        try:
            return self.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    # --- Requests -------------------------------------------------------------------------------------------------------

    def ask(self, method, target, body=None, fields={}, connection=None):
        """Sends a request, which may fail."""
        connection = connection or self.connection()
        connection.request(method, target, body, fields)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())

    def ask_as_service(self, method, target, body=None, fields={}, connection=None):
        return self.ask(method, target, body, {"Authorization": self.authorization, **fields}, connection)

    # --- Looking inside -------------------------------------------------------------------------------------------------

    @property
    def store(self):
        return pathlib.Path(self.settings["MEDIA_STORE_DIR"])

    def has_link(self, id):
        """Whether nginx serves a record's file as a public one."""
        return any((self.store / "public" / id).glob("*"))

    def metric(self, name):
        lines = self.ask("GET", "/metrics").body.decode().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.split()[0].partition("{")[0] == name)
