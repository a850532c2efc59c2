"""A server of one file that has its faults: file_server.py PORT FILE LOG.

The query says how it behaves: `cut` ends each answer after so many bytes, `norange` knows no ranges, `chunked` says no length,
`notag` sends no validator, `new` gives each answer another entity tag, `status` answers so, `once` only the first time, `to` leads
on, `loop` to itself, `slow` sends so many bytes a second, `gzip` says that it is encoded, `endless` never ends. Each request is a line of JSON in LOG.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

PORT, FILE, LOG = sys.argv[1:]
COUNT = {}


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        rules = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        COUNT[self.path] = COUNT.get(self.path, 0) + 1
        with open(LOG, "a") as log:
            log.write(json.dumps({
                "path": self.path, "range": self.headers.get("Range"), "ifRange": self.headers.get("If-Range"),
                "host": self.headers.get("Host")}) + "\n")
        if "loop" in rules:
            rules["to"] = self.path
        if "to" in rules:
            return self.head(302, {"Location": rules["to"], "Content-Length": "0"})
        if "status" in rules and ("once" not in rules or COUNT[self.path] == 1):
            return self.head(int(rules["status"]), {"Content-Length": "4", "Retry-After": "1"}, b"none")
        with open(FILE, "rb") as file:
            data = file.read()
        tag = '"%d"' % (COUNT[self.path] if "new" in rules else 1)
        fields = {} if "notag" in rules else {"ETag": tag}
        if "gzip" in rules:
            fields["Content-Encoding"] = "gzip"
        status, start = 200, 0
        wanted = self.headers.get("Range")
        if wanted and "norange" not in rules and self.headers.get("If-Range") in (None, tag):
            start = int(wanted.split("=")[1].split("-")[0])
            status = 206
            fields["Content-Range"] = "bytes %d-%d/%d" % (start, len(data) - 1, len(data))
        data = data[start:]
        if "chunked" in rules or "endless" in rules:
            fields["Transfer-Encoding"] = "chunked"
        else:
            fields["Content-Length"] = str(len(data))
        self.head(status, fields)
        if "endless" in rules:
            while True:
                self.chunk(b"0" * 65536)
        sent = 0
        cut = int(rules.get("cut", len(data) + 1))
        step = int(rules.get("slow", 10 << 20)) // 10
        while sent < min(len(data), cut):
            piece = data[sent:min(sent + step, cut)]
            if "chunked" in rules:
                self.chunk(piece)
            else:
                self.wfile.write(piece)
            sent += len(piece)
            if "slow" in rules:
                time.sleep(0.1)
        if sent < len(data):
            self.close_connection = True
        elif "chunked" in rules:
            self.wfile.write(b"0\r\n\r\n")

    def head(self, status, fields, body=b""):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, piece):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(PORT)), Server).serve_forever()
