"""A webhook's receiver: webhook_receiver.py PORT SECRETS RULES LOG.

It checks signatures with the Standard Webhooks project's own library and writes a line of JSON for each request to LOG. RULES is
a file with a JSON object: what to answer (`status`), for one record (`media`), after how many milliseconds (`delay`), with which
Retry-After (`retryAfter`).
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PORT, SECRETS, RULES, LOG = sys.argv[1:]
LOCK = threading.Lock()


def is_signed(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with open(RULES) as file:
            rules = json.load(file)
        event = json.loads(body)
        begin = time.time()
        is_meant = rules.get("media") in (None, event["data"].get("id"))
        with LOCK, open(LOG + ".begun", "a") as file:
            file.write(headers["webhook-id"] + "\n")
        if is_meant:
            time.sleep(rules.get("delay", 0) / 1000)
        status = rules.get("status", 200) if is_meant else 200
        line = {
            "id": headers["webhook-id"], "event": event, "status": status, "from": int(begin * 1000),
            "to": int(time.time() * 1000), "type": headers["content-type"],
            "signed": [is_signed(secret, body, headers) for secret in SECRETS.split(",")]}
        with LOCK, open(LOG, "a") as file:
            file.write(json.dumps(line) + "\n")
        answer = b"no,\x1b[31m thanks" if status >= 400 else b""
        self.send_response(status)
        if status == 307:
            self.send_header("Location", f"http://127.0.0.1:{PORT}/elsewhere")
        if "retryAfter" in rules and status >= 400:
            self.send_header("Retry-After", str(rules["retryAfter"]))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


ThreadingHTTPServer.allow_reuse_address = True
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(PORT)), Receiver).serve_forever()
