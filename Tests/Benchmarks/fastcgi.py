"""The least of a FastCGI client: one request, one answer (FastCGI 1.0 §3)."""

import socket
import struct

BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def length(count):
    return struct.pack(">B", count) if count < 128 else struct.pack(">I", count | 1 << 31)


def parameter(name, value):
    return length(len(name)) + length(len(value)) + name.encode() + value.encode()


def ask(path, target, authorization="", method="GET", body=b"", type="", timeout=10):
    """Asks the server at the socket `path` for `target`: its answer, or None where the connection ended without."""
    place, _, query = target.partition("?")
    parameters = {
        "REQUEST_METHOD": method, "DOCUMENT_URI": place, "QUERY_STRING": query, "REQUEST_ID": "bench",
        "CONTENT_LENGTH": str(len(body) or ""), "CONTENT_TYPE": type, "HTTP_AUTHORIZATION": authorization}
    content = b"".join(parameter(*item) for item in parameters.items())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(
            record(BEGIN_REQUEST, struct.pack(">HB5x", 1, 0)) + record(PARAMS, content) + record(PARAMS, b"")
            + (record(STDIN, body) if body else b"") + record(STDIN, b""))
        answer = b""
        with connection.makefile("rb") as stream:
            while header := stream.read(8):
                _, kind, _, length, padding = struct.unpack(">BBHHBx", header)
                content = stream.read(length + padding)[:length]
                if kind == STDOUT:
                    answer += content
                if kind == END_REQUEST:
                    return answer.decode()
    return None
