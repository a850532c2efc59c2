"""Many clients at once: those that keep a connection and ask for nothing, and those that read slowly."""

import contextlib
import resource
import socket
import threading
import time

from tools import Failure

# What this process has open beside the clients' connections.
OTHER_DESCRIPTORS = 200
# That a slow client reads in a second.
SLOW_BYTES = 10_240
# A slow client's buffer, and packets as long as those on the Internet: otherwise this host's kernel would take a whole file off
# the server's hands for somebody who doesn't read it.
BUFFER, PACKET = 16_384, 1_400


@contextlib.contextmanager
def connections(port, count, is_slow=False):
    """Those of clients with an address each."""
    allow_descriptors(count + OTHER_DESCRIPTORS)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(connect(port, number, is_slow)) for number in range(count)]


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        raise Failure(f"{count:,} descriptors are needed, and 'ulimit -Hn' is {hard:,}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def connect(port, number, is_slow):
    connection = socket.socket()
    try:
        connection.settimeout(30)
        if is_slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET)
        connection.bind((f"127.1.{number // 250}.{number % 250 + 1}", 0))
        connection.connect(("127.0.0.1", port))
        return connection
    except BaseException:
        connection.close()
        raise


def send(connection, path, fields={}):
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in fields.items())]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())


# --- Idle ones -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def idle(port, count):
    """Connections on which a request was answered and no other one follows; some the server may have closed since, or instead."""
    with connections(port, count) as all:
        for connection in all:
            with contextlib.suppress(ConnectionResetError):
                send(connection, "/healthz")
                if answer := connection.recv(4096):
                    check(answer)
            connection.setblocking(False)
        yield all


def check(answer):
    if not answer.startswith(b"HTTP/1.1 200"):
        raise Failure(f"a client in the crowd was answered {answer[:100]}")


def is_open(connection):
    try:
        while connection.recv(4096):
            pass
        return False
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


# --- Slow ones -----------------------------------------------------------------------------------------------------------


class SlowReaders:
    """Clients that all read a large file at the same time, each a few kilobytes a second."""

    def __init__(self, port, path, fields, count):
        self.port, self.path, self.fields, self.count = port, path, fields, count
        self.bytes = 0
        self.fault = None
        self.ending = threading.Event()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.connections = stack.enter_context(connections(self.port, self.count, is_slow=True))
            for connection in self.connections:
                send(connection, self.path, self.fields)
                check(connection.recv(1024))
                connection.setblocking(False)
            self.start = time.monotonic()
            self.thread = threading.Thread(target=self.read)
            self.thread.start()
            stack.callback(self.thread.join)
            stack.callback(self.ending.set)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def read(self):
        """A tenth of the clients in each tenth of a second."""
        turn = 0
        try:
            while not self.ending.wait(max(0, self.start + turn / 10 - time.monotonic())):
                for connection in self.connections[turn % 10::10]:
                    self.bytes += self.take(connection)
                turn += 1
        except OSError as error:
            self.fault = str(error)

    def take(self, connection):
        try:
            taken = len(connection.recv(SLOW_BYTES))
        except BlockingIOError:
            return 0
        if not taken:
            raise OSError("a connection was closed before its file was read")
        return taken

    def check(self):
        """All of them still read, and as much as they want."""
        wanted = self.count * SLOW_BYTES * (time.monotonic() - self.start)
        if self.fault or self.bytes < 0.8 * wanted:
            raise Failure(f"slow clients have read {self.bytes:,} of {wanted:,.0f} bytes: {self.fault or 'too little came'}")
