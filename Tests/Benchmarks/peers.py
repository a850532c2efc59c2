"""What the service is measured against: a C program on libfcgi and libmariadb, and nginx by itself.

Their nginx has the service's own configuration, so that the one difference is who answers behind it.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess

import fastcgi
from instance import Instance
from tools import Failure, children, end, free_port, nginx_workers, note, output, start, wait_until

HERE = pathlib.Path(__file__).parent


class Peers:
    def __init__(self, instance, folder):
        self.instance = instance
        self.folder = folder
        self.socket = folder / "run/api.sock"
        self.program = folder / "peer"

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.folder.mkdir(mode=0o700)
            for name in ["run", "log", "tmp", "dav", "incoming"]:
                (self.folder / name).mkdir()
            self.build()
            note("starting the peers")
            self.workers = len(self.instance.workers())
            self.threads = self.instance.threads("MEDIA_API_THREADS")
            self.process = self.start_program()
            stack.callback(end, self.process)
            self.port = free_port()
            self.own_port = free_port()
            self.nginx = start_nginx(self.instance, self.folder, self.port, self.add_own_ways)
            stack.callback(end, self.nginx)
            wait_until(self.socket.exists, 5, "the C program has no socket")
            wait_until(self.answers, 5, "the C program doesn't answer")
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    @property
    def url(self):
        """Where the C program is reached."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def own_url(self):
        """Where nginx serves `/blob/` and takes `/dav/` by itself."""
        return f"http://127.0.0.1:{self.own_port}"

    @staticmethod
    def static_path(record):
        """Where nginx serves a record's blob by itself."""
        return f"/blob/{Instance.blob_name(record)}"

    def static_url(self, record):
        return self.own_url + self.static_path(record)

    def busy(self):
        """Who works for a download that the C program decides on."""
        return {*children(self.process.pid), *nginx_workers(self.nginx.pid), self.instance.process("mariadb")}

    def build(self):
        flags = output("pkg-config", "--cflags", "--libs", "fcgi", "libmariadb", "libcrypto").split()
        output("gcc", "-O2", "-Wall", "-o", self.program, *sorted((HERE / "peer").glob("*.c")), *flags)

    def start_program(self, socket=None, workers=None):
        settings = self.instance.settings
        secrets = {
            "PEER_PASSWORD": settings["MEDIA_DATABASE_PASSWORD"], "PEER_LINK_SECRET": settings["MEDIA_LINK_SECRET"],
            "PEER_TOKEN_SECRET": self.instance.token_secret, "PEER_BASE_URL": settings["MEDIA_PUBLIC_URL"]}
        return start(
            [self.program, socket or self.socket, workers or self.workers, self.threads,
             settings["MEDIA_DATABASE_SOCKET"], "media", "media"],
            self.folder / "log/peer.log", env={**os.environ, **secrets})

    def answers(self):
        try:
            return fastcgi.ask(self.socket, "/m/x")
        except OSError:
            return None

    def add_own_ways(self, target):
        replace(target / "nginx.conf", "include media.conf;", "include media.conf;\n    include peers.conf;")
        own = (HERE / "peers.conf").read_text().replace("PORT", str(self.own_port)).replace("FOLDER", str(self.folder))
        (target / "peers.conf").write_text(own.replace("STORE", self.instance.settings["MEDIA_STORE_DIR"]))


def start_nginx(instance, folder, port, adapt):
    """An nginx with the service's own configuration: a copy of it, in which `adapt` changes what is another peer's."""
    target = folder / "nginx"
    shutil.copytree(instance.repository / "nginx", target)
    environment = instance.settings_file(
        folder / "settings.env", MEDIA_RUN_DIR=folder / "run", MEDIA_LISTEN=f"127.0.0.1:{port}",
        MEDIA_ACCESS_LOG=folder / "log/access.log", MEDIA_DECISION_CACHE=0)
    output(instance.mediad, "nginx", target / "media/instance", env=environment)
    # libfcgi and PHP keep a kept-alive connection on its thread: more of them than threads, and requests wait behind idle
    # ones. There are as many workers of nginx as of the service.
    replace(target / "media/upstream.conf", "keepalive 32;", f"keepalive {instance.threads('MEDIA_API_THREADS')};")
    adapt(target)
    user = "user root; " if os.getuid() == 0 else ""
    command = ["nginx", "-p", folder, "-c", target / "nginx.conf", "-g", f"daemon off; {user}"]
    process = start(command, folder / "log/nginx.log")
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.5)
        raise Failure(f"the peers' nginx ended: {(folder / 'log/nginx.log').read_text()}")
    return process


def replace(path, old, new):
    text = path.read_text()
    if old not in text:
        raise Failure(f"{path.name} has no '{old}' any more")
    path.write_text(text.replace(old, new))
