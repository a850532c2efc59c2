"""A RabbitMQ of the benchmark's own, and the C program that talks to it."""

import contextlib
import os
import pathlib
import socket
import subprocess

from tools import end, free_port, note, output, start, wait_until

HERE = pathlib.Path(__file__).parent


class Broker:
    def __init__(self, folder):
        self.folder = folder
        self.program = folder / "amqp"

    def __enter__(self):
        note("starting RabbitMQ")
        self.folder.mkdir(mode=0o700)
        self.port = free_port()
        (self.folder / "plugins").write_text("[].")
        (self.folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        flags = output("pkg-config", "--cflags", "--libs", "librabbitmq").split()
        output("gcc", "-O2", "-Wall", "-o", self.program, HERE / "amqp/amqp.c", *flags)
        environment = {
            "HOME": self.folder, "RABBITMQ_NODENAME": f"bench{os.getpid()}@localhost",
            "RABBITMQ_MNESIA_BASE": self.folder / "mnesia", "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins", "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq",
            "RABBITMQ_PID_FILE": self.folder / "pid", "RABBITMQ_DIST_PORT": free_port(), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}
        with contextlib.ExitStack() as stack:
            self.process = start(
                ["/usr/lib/rabbitmq/bin/rabbitmq-server"], self.folder / "output",
                env={**os.environ, **{name: str(value) for name, value in environment.items()}})
            stack.callback(end, self.process, 30)
            wait_until(self.answers, 90, "RabbitMQ takes no connections")
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    def answers(self):
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True

    def run(self, command, *words):
        """What the C program prints."""
        return output(self.program, command, self.port, *words)

    @contextlib.contextmanager
    def running(self, command, *words):
        """The C program, with its standard output, until it isn't needed any more."""
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", self.program, command, *map(str, [self.port, *words])],
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        try:
            yield process
        finally:
            end(process)
