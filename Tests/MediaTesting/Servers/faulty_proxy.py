"""A proxy of HTTP that makes faults: faulty_proxy.py FOLDER TARGET FAULTS.

FAULTS are words with commas, one for each request in turn: `none`; `reset` (the connection ends before the request is passed on);
`lost` (the request is carried out, and its answer lost); `short` (the answer ends in the middle of its body); `500`, `503` (answered
so, with S3's SlowDown); `stall` (no answer for 3 s).
"""

import http.client
import json
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FOLDER, TARGET, FAULTS = sys.argv[1:]
HOST = urlsplit(TARGET).netloc
WORDS = FAULTS.split(",")
LOCK = threading.Lock()
COUNT = [0]
SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        with LOCK:
            fault = WORDS[COUNT[0] % len(WORDS)]
            COUNT[0] += 1
        if fault == "reset":
            return self.reset()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fault == "stall":
            time.sleep(3)
            return self.reset()
        if fault in ("500", "503"):
            self.send_response(int(fault))
            self.send_header("Content-Length", str(len(SLOW_DOWN)))
            self.end_headers()
            return self.wfile.write(b"" if self.command == "HEAD" else SLOW_DOWN)
        connection = http.client.HTTPConnection(HOST, timeout=60)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if fault == "lost":
            return self.reset()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        if answer.status != 204 and length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        if fault == "short" and len(data) > 1:
            self.wfile.write(data[:len(data) // 2])
            return self.reset()
        self.wfile.write(data)

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wfile.flush()
        self.connection.close()

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Proxy)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"endpoint": "http://127.0.0.1:%d" % server.server_address[1]}), flush=True)
sys.stdin.read()
