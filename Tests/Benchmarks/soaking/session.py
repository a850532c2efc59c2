"""Requests of one client over a connection that is kept, and what comes back."""

import http.client
import json
import socket
import time
import urllib.parse

# Longer than anything may take: the service answers, or says why it can't.
PATIENCE = 120
# The code of errors of which the catalogue says that nothing was done.
NOTHING_DONE = "unavailable"


class Answer:
    def __init__(self, response, body, began):
        self.status, self.body, self.began, self.ended = response.status, body, began, time.monotonic()
        self.fields = {name.lower(): value for name, value in response.getheaders()}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """What kind of failure it says."""
        is_problem = "problem+json" in self.fields.get("content-type", "") and self.body
        return self.json["code"] if is_problem else ""

    @property
    def request(self):
        return self.fields.get("x-request-id", "")

    def __str__(self):
        return f"{self.status} {self.code}".strip()


class Broken(Exception):
    """No answer came."""

    def __init__(self, reason, began, is_reused):
        super().__init__(f"no answer: {reason}")
        self.began, self.ended, self.is_reused = began, time.monotonic(), is_reused


class Session:
    def __init__(self, port):
        self.port = port
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def send(self, method, target, body=None, fields={}, stop_after=None):
        """Sends a request and reads its answer.

        With `stop_after` only so many bytes of the body are sent, and the connection is closed: there is no answer then.
        """
        began, is_reused = time.monotonic(), self.connection is not None
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            if stop_after is not None:
                return self.break_off(method, target, body, fields, stop_after)
            self.connection.request(method, path(target), body, fields)
            response = self.connection.getresponse()
            answer = Answer(response, response.read(), began)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            reason = f"none within {PATIENCE} s" if isinstance(error, socket.timeout) else f"{type(error).__name__} {error}"
            raise Broken(reason.strip(), began, is_reused) from error
        if answer.fields.get("connection") == "close":
            self.close()
        return answer

    def break_off(self, method, target, body, fields, stop_after):
        try:
            self.connection.putrequest(method, path(target))
            for name, value in {**fields, "Content-Length": str(len(body))}.items():
                self.connection.putheader(name, value)
            self.connection.endheaders(body[:stop_after])
        finally:
            self.close()


def path(target):
    """A path with its query, of what may be a whole URL."""
    if target.startswith("/"):
        return target
    parts = urllib.parse.urlsplit(target)
    return parts.path + (f"?{parts.query}" if parts.query else "")
