"""A program of another kind in the place of the service's workers: it has an nginx of its own with the service's configuration,
the service's database and its store. It is started by the groups that use it, and ends with them."""

import contextlib
import http.client
import os
import re
import shutil

from peers import start_nginx
from tools import Failure, children, end, free_port, nginx_workers, note, start, wait_until


class WebPeer:
    # Of its folder.
    name: str
    # For people.
    title: str

    def __init__(self, peers):
        self.peers = peers
        self.instance = peers.instance
        self.folder = peers.folder / self.name
        self.socket = self.folder / "run/api.sock"

    def __enter__(self):
        note(f"starting {self.title}")
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, self.folder)
            for folder in ["run", "log", "tmp"]:
                (self.folder / folder).mkdir(mode=0o700, parents=True)
            self.prepare(stack)
            self.process = start(
                self.command(), self.folder / "log/program.log", env={**os.environ, **self.variables()})
            stack.callback(end, self.process)
            wait_until(self.is_listening, 30, f"{self.title} has no socket")
            self.port = free_port()
            self.nginx = start_nginx(self.instance, self.folder, self.port, self.adapt)
            stack.callback(end, self.nginx)
            wait_until(self.answers, 30, f"{self.title} doesn't answer")
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    # --- What a kind of program has of its own ----------------------------------------------------------------------------

    def prepare(self, stack):
        """Makes what the program needs; `stack` takes that away again."""

    def command(self):
        raise NotImplementedError

    def variables(self):
        """The program's environment, beside the usual one."""
        settings = self.instance.settings
        return {
            "PEER_DATABASE_SOCKET": settings["MEDIA_DATABASE_SOCKET"], "PEER_PASSWORD": settings["MEDIA_DATABASE_PASSWORD"],
            "PEER_LINK_SECRET": settings["MEDIA_LINK_SECRET"], "PEER_BASE_URL": settings["MEDIA_PUBLIC_URL"]}

    def adapt(self, target):
        """Changes a copy of the service's configuration of nginx."""

    # --- The program that runs --------------------------------------------------------------------------------------------

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def busy(self):
        """Who works for a download."""
        return {*children(self.process.pid), *nginx_workers(self.nginx.pid), self.instance.process("mariadb")}

    def is_listening(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.title} ended: {(self.folder / 'log/program.log').read_text()[-2000:]}")
        return self.socket.exists()

    def answers(self):
        try:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
                connection.request("GET", "/m/x")
                return connection.getresponse().status == 404
        except OSError:
            return False


def file_types(repository):
    """The table of types as nginx has it: each one's extension, and whether browsers may show it."""
    folder = repository / "nginx/media"
    inline = set(re.findall(r'^"(\S+)" inline;', (folder / "inline-types.conf").read_text(), re.MULTILINE))
    types = re.findall(r"^    (\S+/\S+) (\w+);", (folder / "types.conf").read_text(), re.MULTILINE)
    if not inline or not types:
        raise Failure("nginx's tables of types can't be read any more")
    return {name: (extension, name in inline) for name, extension in types}
