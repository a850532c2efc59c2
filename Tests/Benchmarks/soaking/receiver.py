"""A webhook's receiver: whether each event comes, signed, and those of a record in their order."""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import sys
import threading


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        # Whoever sends events is killed from time to time.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, address)


class Receiver:
    def __init__(self, findings):
        self.findings = findings
        self.lock = threading.Lock()
        self.secret = None
        self.refuses = False
        self.seen = set()
        # By record: the revision of the last event, and what kinds there were.
        self.revisions, self.kinds = {}, collections.defaultdict(set)
        self.repeated = 0

    def __enter__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.take(self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def subscribe(self, service):
        words, _ = service.command("webhook", "add", f"http://127.0.0.1:{self.server.server_port}/")
        self.secret = base64.b64decode(words.split()[1].removeprefix("whsec_"))

    def take(self, fields, body):
        """The status to answer an event with."""
        id = fields["webhook-id"]
        signed = f"{id}.{fields['webhook-timestamp']}.".encode() + body
        signature = "v1," + base64.b64encode(hmac.digest(self.secret, signed, hashlib.sha256)).decode()
        if signature not in fields["webhook-signature"].split():
            self.findings.add("an event is signed wrongly", id)
        if self.refuses:
            return 503
        event = json.loads(body)
        media, revision = event["data"]["id"], event["data"]["revision"]
        with self.lock:
            if id in self.seen:
                self.repeated += 1
                return 204
            self.seen.add(id)
            self.kinds[media].add(event["type"])
            if revision < self.revisions.get(media, 0):
                self.findings.add("events of a record are out of order", f"{media}: {revision} behind {self.revisions[media]}")
            self.revisions[media] = revision
        return 204
