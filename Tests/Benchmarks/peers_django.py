"""Django behind gunicorn in the place of the service's workers: see peer_django/."""

import json
import os
import pathlib
import shutil

from tools import note, output
from web_peer import WebPeer, file_types

HERE = pathlib.Path(__file__).parent
PACKAGES = ["Django==5.2.19", "django-sendfile2==0.7.2", "gunicorn==27.0.1", "mysqlclient==2.3.2"]


class Django(WebPeer):
    name = "django"
    title = "Django"

    def prepare(self, stack):
        self.environment = self.instance.repository / ".build/bench-django"
        install(self.environment)
        (self.folder / "types.json").write_text(json.dumps(file_types(self.instance.repository)))

    def command(self):
        # As many workers as gunicorn's manual has them.
        return [
            self.environment / "bin/gunicorn", "--chdir", HERE / "peer_django", "--bind", f"unix:{self.socket}",
            "--umask", "0117", "--workers", os.cpu_count() * 2 + 1, "--worker-class", "sync", "--backlog", 1024,
            "--worker-tmp-dir", self.folder / "tmp", "--no-control-socket", "django.core.wsgi:get_wsgi_application()"]

    def variables(self):
        return {
            **super().variables(), "DJANGO_SETTINGS_MODULE": "settings", "PEER_TYPES": str(self.folder / "types.json"),
            "PEER_STORE": self.instance.settings["MEDIA_STORE_DIR"], "PYTHONDONTWRITEBYTECODE": "1"}

    def adapt(self, target):
        shutil.copy(HERE / "peer_django/api.conf", target / "media/api.conf")


def install(folder):
    """Puts the packages into a folder of their own, unless they are there."""
    installed = folder / "installed"
    if installed.exists() and installed.read_text() == "\n".join(PACKAGES):
        return
    note("installing Django from PyPI")
    shutil.rmtree(folder, ignore_errors=True)
    # Debian's own Python is built to be a fast one; others may not be.
    output("/usr/bin/python3", "-m", "venv", folder)
    output(folder / "bin/pip", "install", "--disable-pip-version-check", "-q", *PACKAGES)
    installed.write_text("\n".join(PACKAGES))
