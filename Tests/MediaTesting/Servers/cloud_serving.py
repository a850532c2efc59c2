"""What the imitations of cloud storages share: requests and answers over HTTP, and a server's start and end."""

import argparse
import base64
import hashlib
import http.server
import json
import os
import pathlib
import re
import signal
import socketserver
import sys
import threading
import time
import traceback
import urllib.parse

CHUNK = 1 << 18


class Disconnected(Exception):
    """The client went away before its body was complete."""


class Refusal(Exception):
    """A request is answered with an error. `detail` goes to the log only."""

    def __init__(self, status, code, message, headers=(), detail=None, **fields):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers, self.detail, self.fields = dict(headers), detail, fields


class Body:
    """A request's body, read piece by piece."""

    def __init__(self, handler):
        self.handler = handler
        self.chunked = "chunked" in handler.headers.get("Transfer-Encoding", "").lower()
        self.length = None if self.chunked else int(handler.headers.get("Content-Length") or 0)
        self.left = 0 if self.chunked else self.length
        self.ended = not self.chunked and self.length == 0

    def read(self, count=CHUNK):
        """At most `count` bytes, none at the end."""
        if self.ended:
            return b""
        self.handler.accept_body()
        if self.chunked and self.left == 0 and not self.next_chunk():
            return b""
        data = self.handler.rfile.read(min(count, self.left))
        self.left -= len(data)
        if not data:
            raise Disconnected
        if self.left == 0 and self.chunked:
            self.handler.rfile.readline()
        self.ended = self.left == 0 and not self.chunked
        return data

    def next_chunk(self):
        line = self.handler.rfile.readline()
        if not line:
            raise Disconnected
        self.left = int(line.split(b";")[0], 16)
        if self.left:
            return True
        while self.handler.rfile.readline().strip():
            pass
        self.ended = True
        return False

    def exactly(self, count):
        """`count` bytes, or fewer at the end."""
        parts = []
        while count and (data := self.read(count)):
            parts.append(data)
            count -= len(data)
        return b"".join(parts)

    def skip(self, count):
        """Whether there were `count` bytes to pass over."""
        while count and (data := self.read(min(count, CHUNK))):
            count -= len(data)
        return count == 0

    def all(self, limit=1 << 24):
        data = self.exactly(limit)
        if not self.ended and self.read(1):
            raise Refusal(413, "RequestBodyTooLarge", "The request body is too large.")
        return data

    def __iter__(self):
        return iter(self.read, b"")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one connection's requests. A subclass has `respond()`, and `refuse(refusal)` for the form of errors."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    banner = "imitation"

    def version_string(self):
        return self.banner

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        # Said once the body is read: a refused request's body need not come at all.
        self.continue_awaited = True
        return True

    def accept_body(self):
        if self.continue_awaited:
            self.continue_awaited = False
            self.send_response_only(100)
            self.end_headers()

    def parse_request(self):
        self.continue_awaited = False
        if not super().parse_request():
            return False
        # Header fields come as Latin-1; what clients sign is UTF-8.
        self.fields = {}
        for name, value in self.headers.items():
            try:
                value = value.encode("latin-1").decode()
            except UnicodeError:
                pass
            name = name.lower()
            self.fields[name] = f"{self.fields[name]},{value}" if name in self.fields else value
        self.raw_path, _, self.raw_query = self.path.partition("?")
        self.parameters = {}
        for item in filter(None, self.raw_query.split("&")):
            name, _, value = item.partition("=")
            self.parameters[urllib.parse.unquote(name)] = urllib.parse.unquote(value)
        host = self.fields.get("host", "")
        # Names below localhost are those of fronts with TLS.
        self.scheme = "https" if host.partition(":")[0].endswith(".localhost") else "http"
        self.origin = f"{self.scheme}://{host}"
        self.body = None
        return True

    def handle_request(self):
        self.answered = False
        try:
            self.body = Body(self)
            self.respond()
        except Refusal as refusal:
            self.log_refusal(refusal)
            self.refuse(refusal)
        except (Disconnected, ConnectionError, TimeoutError):
            self.close_connection = True
            return
        except Exception:
            trace = traceback.format_exc()
            print(trace, file=sys.stderr, flush=True)
            if self.answered:
                self.close_connection = True
                return
            refusal = Refusal(500, "InternalError", "The server encountered an internal error.", detail=trace)
            self.log_refusal(refusal)
            self.refuse(refusal)
        self.skip_body()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = do_OPTIONS = handle_request

    def skip_body(self):
        if not self.body or self.body.ended:
            return
        if self.continue_awaited:
            return
        try:
            for _ in self.body:
                pass
        except (Disconnected, ConnectionError, ValueError):
            self.close_connection = True

    def log_refusal(self, refusal):
        if refusal.status == 304:
            return
        self.server.log({
            "method": self.command, "target": self.path, "status": refusal.status, "code": refusal.code,
            "message": refusal.message, **refusal.fields, "detail": refusal.detail})

    # --- Answers ------------------------------------------------------------------------------------------------------

    def answer(self, status, headers=(), body=b"", file=None, offset=0, length=0, size=None):
        """Sends `body`, or `length` bytes of `file`; `size` is the length that a HEAD request is told."""
        self.answered = True
        if self.continue_awaited and not self.body.ended:
            self.close_connection = True
        headers = headers.items() if isinstance(headers, dict) else headers
        self.send_response(status)
        for name, value in headers:
            for item in value if isinstance(value, list) else [value]:
                if item is not None:
                    self.send_header(name, str(item).encode().decode("latin-1"))
        if status not in (204, 304):
            self.send_header("Content-Length", str(length if file else len(body) if size is None else size))
        if self.close_connection:
            self.send_header("Connection", "close")
        if self.command == "HEAD" or status in (204, 304):
            self.end_headers()
        elif file:
            self.end_headers()
            if length:
                self.connection.sendfile(file, offset, length)
        else:
            self._headers_buffer.append(b"\r\n" + body)
            self.flush_headers()

    def answer_json(self, status, value, headers=()):
        headers = [("Content-Type", "application/json; charset=UTF-8"), *dict(headers).items()]
        self.answer(status, headers, json.dumps(value, ensure_ascii=False).encode())

    # --- Conditions ---------------------------------------------------------------------------------------------------

    def lists_tag(self, name, tag):
        """Whether If-Match or If-None-Match names this ETag."""
        tags = [item.strip() for item in self.fields[name].split(",")]
        return "*" in tags or tag in tags or tag.strip('"') in tags


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder, port, handler):
        super().__init__(("127.0.0.1", port), handler)
        self.folder = folder
        self.port = self.server_address[1]
        self.log_lock = threading.Lock()
        self.log_file = open(folder / "server.log", "a", buffering=1)

    def server_bind(self):
        # Without the look-up of the host's name that HTTPServer makes.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def log(self, entry):
        entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}
        with self.log_lock:
            print(json.dumps(entry, ensure_ascii=False), file=self.log_file)

    def run(self, announcement):
        """Serves until standard input closes or SIGTERM comes."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        print(json.dumps(announcement), flush=True)
        while os.read(sys.stdin.fileno(), 1 << 16):
            pass
        os._exit(0)


def arguments(description, *names):
    """The command line: a folder and further words; the same port again lets a client meet a server that came back."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=pathlib.Path)
    for name in names:
        parser.add_argument(name)
    parser.add_argument("--port", type=int, default=0, help="0, any free one, is the default")
    parser.add_argument("--token-life", type=int, default=3600, metavar="SECONDS", help="of access tokens it issues")
    result = parser.parse_args()
    result.folder = result.folder.absolute()
    result.folder.mkdir(parents=True, exist_ok=True)
    return result


class Tokens:
    """The bearer tokens that a server issued."""

    def __init__(self, life):
        self.life = life
        self.expiries = {}

    def issue(self, prefix, grant):
        token = prefix + base64.urlsafe_b64encode(os.urandom(96)).decode()
        self.expiries[token] = (time.time() + self.life, grant)
        return token

    def grant(self, token):
        """What the token was issued for, or None where it isn't (or no longer) valid."""
        expiry, grant = self.expiries.get(token, (0, None))
        return grant if time.time() < expiry else None


def parse_range(value, size, suffixes):
    """(offset, length) of `bytes=…`; None where it is not of that form, ValueError where nothing of it is there."""
    match = re.fullmatch(r"\s*bytes=(\d*)-(\d*)\s*", value)
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        if not suffixes:
            return None
        length = min(int(last), size)
        if length == 0:
            raise ValueError(value)
        return size - length, length
    first = int(first)
    last = min(int(last), size - 1) if last else size - 1
    if first >= size:
        raise ValueError(value)
    if last < first:
        return None
    return first, last - first + 1


def http_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))


def base64_text(data):
    return base64.b64encode(data).decode()


def short_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()[:40]
