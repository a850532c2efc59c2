"""The instance that is soaked, with what a benchmark doesn't need of one."""

import os
import pathlib
import signal
import subprocess
import time

from instance import Instance
from tools import Failure, wait_until

# Everything that happens after a time happens within the run; few threads, so that requests wait for each other.
SETTINGS = {
    "MEDIA_WORKERS": "3", "MEDIA_API_THREADS": "4", "MEDIA_UPLOAD_THREADS": "4", "MEDIA_STREAM_THREADS": "4",
    "MEDIA_PROCESSING": "on", "MEDIA_PROCESSING_THREADS": "2",
    "MEDIA_IMAGE_PRESETS": "thumb=64x64:cover,small=160,late=200:later",
    "MEDIA_DECISION_CACHE": "2", "MEDIA_VERSIONS": "2", "MEDIA_HOUSEKEEPING_INTERVAL": "2", "MEDIA_UPLOAD_GRACE": "60",
    "MEDIA_UPLOAD_TTL": "60", "MEDIA_STAGED_TTL": "60", "MEDIA_RETENTION": "45", "MEDIA_IDEMPOTENCY_TTL": "300",
    "MEDIA_AUDIT_RETENTION": "120", "MEDIA_JOB_TTL": "60", "MEDIA_JOB_PAUSE": "1", "MEDIA_EVENT_TTL": "120",
    "MEDIA_WEBHOOK_MAX_PAUSE": "5", "MEDIA_USER_MAX_UPLOADS": "1000",
}
# Until when a deleted record can be restored for sure, in seconds, and for how long a decision on a download may be reused.
RESTORABLE = 25
WORKERS = int(SETTINGS["MEDIA_WORKERS"])
REUSED = int(SETTINGS["MEDIA_DECISION_CACHE"]) + 1


class Service(Instance):
    def __enter__(self):
        super().__enter__()
        try:
            self.configure(SETTINGS)
            self.replace("work", signal.SIGTERM)
        except BaseException:
            self.stop()
            raise
        return self

    @property
    def store(self):
        return pathlib.Path(self.settings["MEDIA_STORE_DIR"])

    def replace(self, name, number, pause=0):
        """Ends what `deploy/run` started under a name, and starts it anew with the same command line and environment."""
        old = self.process(name)
        folder = pathlib.Path(f"/proc/{old}")
        command = folder.joinpath("cmdline").read_bytes().split(b"\0")[:-1]
        lines = folder.joinpath("environ").read_bytes().split(b"\0")
        environment = dict(line.split(b"=", 1) for line in lines if b"=" in line)
        program = os.readlink(folder / "exe")
        os.kill(old, number)
        wait_until(lambda: has_ended(old), 90, f"{name} doesn't end")
        time.sleep(pause)
        with open(self.state / f"log/{name}.log", "ab") as log:
            new = subprocess.Popen(command, executable=program, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True)
        started = folder.with_name(str(new.pid)).joinpath("stat").read_text().rpartition(")")[2].split()[19]
        # For deploy/stop.
        (self.state / f"run/{name}.process").write_text(f"{new.pid} {started}\n")
        self.started = [*getattr(self, "started", []), new]
        return f"process {old}"

    def command(self, *words, check=True):
        """What `mediad` prints, and its exit code."""
        environment = {**os.environ, "MEDIA_CONFIG_FILE": str(self.state / "settings.env")}
        result = subprocess.run([self.mediad, *words], capture_output=True, text=True, env=environment)
        if check and result.returncode:
            raise Failure(f"mediad {' '.join(words)} ended with {result.returncode}: {result.stderr.strip()[-1000:]}")
        return result.stdout, result.returncode

    def stop(self):
        super().stop()
        for process in getattr(self, "started", []):
            process.wait(5)


def has_ended(pid):
    """Whether a process has ended, also where its parent has yet to notice."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
