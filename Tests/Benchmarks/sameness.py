"""A peer has to do the same work: every answer is ours, but for the request's id and the date."""

import http.client

from tools import Failure, note


def check(instance, peers, cases, body=None):
    """Asks both, with a body if there is one; a case is method, path, header fields and the status expected."""
    note("comparing the answers of both")
    for method, path, fields, status in cases:
        ours, theirs = (exchange(port, method, path, fields, body) for port in (instance.port, peers.port))
        if ours[0] != status or ours != theirs:
            raise Failure(f"{method} {path} {fields}: expected {status}, ours {ours}, theirs {theirs}")


def exchange(port, method, path, fields, body=None):
    """Status, fields and body of an answer, without what differs between any two."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, fields)
    response = connection.getresponse()
    body = response.read()
    answer = {name.lower(): value for name, value in response.getheaders()}
    answer.pop("date")
    body = body.replace(answer.pop("x-request-id").encode(), b"ID")
    return response.status, answer, body
