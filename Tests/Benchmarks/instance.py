"""The service that is measured: what `deploy/run` starts in a state folder of the benchmark."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import urllib.parse

from tools import Failure, children, free_port, note, output, wait_until


class Instance:
    def __init__(self, repository, state):
        self.repository = repository
        self.state = state
        self.mediad = repository / ".build/release/mediad"

    def __enter__(self):
        self.port = free_port()
        note("starting the service")
        try:
            output(
                self.repository / "deploy/run", "--background", "--no-tls", "--state", self.state, "--port", self.port)
        except BaseException:
            self.stop()
            raise
        self.url = f"http://localhost:{self.port}"
        self.key = self.variables("demo.env")["MEDIA_API_KEY"]
        self.settings = self.variables("settings.env")
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if (self.state / "run").exists():
            subprocess.run([self.repository / "deploy/stop", "--state", self.state], capture_output=True)

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

    def make_key(self, scopes):
        environment = {**os.environ, "MEDIA_CONFIG_FILE": str(self.state / "settings.env")}
        return output(self.mediad, "key", "create", "--scopes", scopes, "bench", env=environment).strip()

    # --- Requests -------------------------------------------------------------------------------------------------------

    @property
    def authorization(self):
        return f"Bearer {self.key}"

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def upload(self, body, name, type, public=False, connection=None):
        """Uploads bytes; the record."""
        connection = connection or self.connection()
        connection.request(
            "POST", self.upload_target(name, public), body, {"Authorization": self.authorization, "Content-Type": type})
        response = connection.getresponse()
        answer = response.read()
        if response.status != 201:
            raise Failure(f"an upload was answered with {response.status}: {answer.decode()}")
        return json.loads(answer)

    @staticmethod
    def upload_target(name, public=False):
        query = {"name": name, "userId": "bench", "isPublic": "true" if public else "false"}
        return "/v1/media?" + urllib.parse.urlencode(query)

    def delete(self, record):
        """Deletes a record and, to give its room back at once, its file."""
        connection = self.connection()
        connection.request("DELETE", f"/v1/media/{record['id']}", headers={"Authorization": self.authorization})
        status = connection.getresponse().status
        if status not in (200, 204):
            raise Failure(f"a deletion was answered with {status}")
        self.blob(record).unlink(missing_ok=True)

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

    def renew_workers(self):
        """Replaces all workers by fresh ones, as a reload does; the fresh ones."""
        old = self.workers()
        os.kill(self.process("serve"), signal.SIGHUP)

        def fresh():
            now = self.workers()
            return now if len(now) == len(old) and not now & old else None

        return wait_until(fresh, 90, "the old workers are still there after a reload")
