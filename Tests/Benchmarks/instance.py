"""The service that is measured: what `deploy/run` starts in a state folder of the benchmark."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import urllib.parse

from tools import Failure, children, free_port, nginx_workers, note, output, wait_until

# An MP4 file's first bytes; the rest may be anything.
VIDEO = bytes.fromhex("000000206674797069736f6d0000020069736f6d69736f32617663316d703431")
# One client sends all requests here: they are counted as ever, and none is too many.
RATES = "MEDIA_ADDRESS_RATE=1000000\nMEDIA_KEY_RATE=1000000\n"
# Most files that are measured with are none that anything could be made of.
PROCESSING = "MEDIA_PROCESSING=off\n"


class Instance:
    def __init__(self, repository, state):
        self.repository = repository
        self.state = state
        self.mediad = repository / ".build/release/mediad"

    def __enter__(self):
        self.port = free_port()
        self.state.mkdir(mode=0o700)
        (self.state / "my-settings.env").write_text(RATES + PROCESSING)
        note("starting the service")
        try:
            output(
                self.repository / "deploy/run", "--background", "--no-tls", "--state", self.state, "--port", self.port)
        except BaseException:
            self.stop()
            raise
        self.url = f"http://localhost:{self.port}"
        demo = self.variables("demo.env")
        self.key, self.token_secret = demo["MEDIA_API_KEY"], demo["MEDIA_JWT_SECRET"]
        self.settings = self.variables("settings.env")
        self.changes = {}
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if (self.state / "run").exists():
            subprocess.run([self.repository / "deploy/stop", "--state", self.state], capture_output=True)

    # --- Settings -------------------------------------------------------------------------------------------------------

    def configure(self, changes):
        """Lets the service go on with these settings and, for all others, those that `deploy/run` gave it."""
        if changes == self.changes:
            return
        note("starting the workers anew with " + (" ".join(f"{name}={value}" for name, value in changes.items())
                                                 or "the usual settings"))
        environment = self.settings_file(self.state / "settings.env", **changes)
        output(self.mediad, "nginx", self.state / "nginx/media/instance", env=environment)
        self.renew("nginx")
        self.renew("serve")
        self.changes = changes

    def variables(self, name):
        lines = (self.state / name).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def settings_file(self, path, **changes):
        """Writes this instance's settings with some changed; the environment for programs that are to use them."""
        settings = {**self.settings, **changes}
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MEDIA_")}
        return {**environment, "MEDIA_CONFIG_FILE": str(path)}

    def sql(self, text):
        """What MariaDB answers, line by line."""
        socket = self.settings["MEDIA_DATABASE_SOCKET"]
        return output("mariadb", "--no-defaults", f"--socket={socket}", "-u", "root", "-N", "media", input=text).splitlines()

    def make_key(self, scopes):
        environment = {**os.environ, "MEDIA_CONFIG_FILE": str(self.state / "settings.env")}
        return output(self.mediad, "key", "create", "--scopes", scopes, "bench", env=environment).strip()

    # --- Requests -------------------------------------------------------------------------------------------------------

    @property
    def authorization(self):
        return f"Bearer {self.key}"

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def call(self, method, target, body=None, type="application/json", connection=None):
        """Sends a request, which has to succeed; what it answers as JSON."""
        connection = connection or self.connection()
        connection.request(method, target, body, {"Authorization": self.authorization, "Content-Type": type})
        response = connection.getresponse()
        answer = response.read()
        if response.status not in (200, 201, 204):
            raise Failure(f"{method} {target} was answered with {response.status}: {answer.decode()}")
        return json.loads(answer) if answer else None

    def upload(self, body, name, type, public=False, connection=None, user="bench"):
        """Uploads bytes; the record."""
        return self.call("POST", self.upload_target(name, public, user), body, type, connection)

    def make_link(self, record, **order):
        """Makes a signed link for an hour, unless the order says otherwise."""
        return self.call("POST", f"/v1/media/{record['id']}/links", json.dumps({"expiresIn": 3600, **order}))

    @staticmethod
    def upload_target(name, public=False, user="bench"):
        query = {"name": name, "userId": user, "isPublic": "true" if public else "false"}
        return "/v1/media?" + urllib.parse.urlencode(query)

    def delete(self, record, connection=None):
        """Deletes a record for good, so that its file's room is free at once."""
        self.call("DELETE", f"/v1/media/{record['id']}?hard=true", connection=connection)

    def blob(self, record):
        return pathlib.Path(self.settings["MEDIA_STORE_DIR"]) / "objects" / self.blob_name(record)

    @staticmethod
    def blob_name(record):
        hash = record["sha256"]
        return f"{hash[:2]}/{hash[2:4]}/{hash}"

    # --- Processes ------------------------------------------------------------------------------------------------------

    def process(self, name):
        """The id of what `deploy/run` started under a name: serve, nginx, mariadb."""
        return int((self.state / f"run/{name}.process").read_text().split()[0])

    def workers(self):
        return children(self.process("serve"))

    def threads(self, setting):
        """How many threads a worker has for a lane: the value of a setting such as MEDIA_API_THREADS."""
        environment = {**os.environ, "MEDIA_CONFIG_FILE": str(self.state / "settings.env")}
        for line in output(self.mediad, "config", env=environment).splitlines():
            if line.startswith(f"{setting}="):
                return int(line.split("=")[1].split()[0])
        raise Failure(f"'mediad config' doesn't name {setting}")

    def busy(self):
        """Who works for a download."""
        return {*self.workers(), *nginx_workers(self.process("nginx")), self.process("mariadb")}

    def renew(self, name):
        """Has `serve` or `nginx` replace its processes by fresh ones, as a reload does; the fresh ones."""
        old = children(self.process(name))
        os.kill(self.process(name), signal.SIGHUP)

        def fresh():
            now = children(self.process(name))
            return now if now and not now & old else None

        return wait_until(fresh, 90, f"the old processes of {name} are still there after a reload")
