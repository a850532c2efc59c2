"""Uploads to Google Cloud Storage by the JSON API: as a body, with their metadata, and in pieces."""

import json
import re
import threading
import urllib.parse
import uuid

from cloud_serving import Refusal
from gcs_requests import CloudStorageRequest, Hasher, invalid

QUANTUM = 1 << 18


class Session:
    """A resumable upload: what arrived of it, in whole quanta until it is complete."""

    def __init__(self, store, bucket, name, metadata, parameters, total):
        self.store, self.bucket, self.name = store, bucket, name
        self.metadata, self.parameters, self.total = metadata, parameters, total
        self.incoming, self.hasher = store.incoming(), Hasher()
        self.lock = threading.Lock()
        self.result = None
        self.cancelled = False

    def write(self, data):
        self.incoming.write(data)
        self.hasher.update(data)


class Multipart:
    """Reads the two parts of a multipart/related body: JSON, then data of any length."""

    def __init__(self, body, content_type):
        match = re.match(r"multipart/related\s*;.*boundary=(?:\"([^\"]+)\"|'([^']+)'|([^\s;]+))", content_type)
        if not match:
            raise invalid("Multipart body without boundary.")
        self.body = body
        self.delimiter = b"\r\n--" + next(filter(None, match.groups())).encode()
        self.buffer = b"\r\n"

    def fill(self):
        data = self.body.read()
        self.buffer += data
        return bool(data)

    def pieces(self):
        """What comes before the next delimiter."""
        while True:
            end = self.buffer.find(self.delimiter)
            if end >= 0:
                piece, self.buffer = self.buffer[:end], self.buffer[end + len(self.delimiter):]
                yield piece
                return
            kept = len(self.delimiter) - 1
            piece, self.buffer = self.buffer[:-kept], self.buffer[-kept:]
            if piece:
                yield piece
            if not self.fill():
                raise invalid("Malformed multipart body.")

    def head(self):
        """The next part's header fields, or None at the end."""
        while len(self.buffer) < 2 or b"\r\n\r\n" not in self.buffer and not self.buffer.startswith(b"--"):
            if not self.fill():
                raise invalid("Malformed multipart body.")
        if self.buffer.startswith(b"--"):
            return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        fields = dict(line.split(":", 1) for line in head.decode().split("\r\n") if ":" in line)
        return {name.strip().lower(): value.strip() for name, value in fields.items()}


class Uploads(CloudStorageRequest):
    def upload(self, bucket):
        bucket, kind = self.find_bucket(bucket), self.parameters.get("uploadType")
        if kind == "media":
            return self.upload_media(bucket)
        if kind == "multipart":
            return self.upload_multipart(bucket)
        if kind == "resumable":
            return self.start_upload(bucket)
        raise invalid(f"Invalid uploadType: {kind}")

    def object_name(self, metadata):
        name = metadata.get("name") or self.parameters.get("name")
        if not name:
            raise Refusal(400, "required", "Required")
        if len(name.encode()) > 1024 or "\r" in name or "\n" in name or name in (".", ".."):
            raise invalid(f"Invalid object name: {name}")
        return name

    def receive(self, bucket, name, metadata, pieces):
        self.check_preconditions(bucket.objects.get(name))
        with self.server.store.receiving() as incoming:
            hasher = Hasher()
            for data in pieces:
                incoming.write(data)
                hasher.update(data)
            return self.store_object(bucket, name, incoming, metadata, hasher.digests(), self.check_preconditions)

    def upload_media(self, bucket):
        metadata = {"contentType": self.fields.get("content-type")}
        if "contentEncoding" in self.parameters:
            metadata["contentEncoding"] = self.parameters["contentEncoding"]
        self.answer_resource(bucket, self.receive(bucket, self.object_name({}), metadata, self.body))

    def upload_multipart(self, bucket):
        parts = Multipart(self.body, self.headers.get("Content-Type", ""))
        if b"".join(parts.pieces()).strip():
            raise invalid("Malformed multipart body.")
        head = parts.head()
        if head is None or not head.get("content-type", "").startswith("application/json"):
            raise invalid("The first part has to be the metadata as JSON.")
        try:
            metadata = json.loads(b"".join(parts.pieces()))
        except ValueError:
            raise Refusal(400, "parseError", "Parse Error") from None
        head = parts.head()
        if head is None:
            raise invalid("The media part is missing.")
        if not metadata.get("contentType"):
            metadata["contentType"] = head.get("content-type")

        def media():
            yield from parts.pieces()
            if parts.head() is not None:
                raise invalid("There are more than two parts.")

        item = self.receive(bucket, self.object_name(metadata), metadata, media())
        self.answer_resource(bucket, item)

    # --- In pieces ----------------------------------------------------------------------------------------------------

    def start_upload(self, bucket):
        metadata = self.json_body()
        name = self.object_name(metadata)
        self.check_preconditions(bucket.objects.get(name))
        if not metadata.get("contentType"):
            metadata["contentType"] = self.fields.get("x-upload-content-type")
        total = self.fields.get("x-upload-content-length")
        if total is not None and not total.isdigit():
            raise invalid("Invalid X-Upload-Content-Length.")
        conditions = {name: value for name, value in self.parameters.items() if name.startswith("if")}
        session = Session(
            self.server.store, bucket, name, metadata, conditions, None if total is None else int(total))
        identifier = uuid.uuid4().hex
        self.server.sessions[identifier] = session
        location = f"{self.origin}{self.raw_path}?uploadType=resumable&name={urllib.parse.quote(name, safe='')}" \
                   f"&upload_id={identifier}"
        self.answer(200, {"Location": location, "X-GUploader-UploadID": identifier})

    def continue_upload(self):
        session = self.server.sessions.get(self.parameters["upload_id"])
        if not session:
            raise Refusal(404, "notFound", "Upload session not found.")
        with session.lock:
            if session.cancelled or self.command == "DELETE":
                session.cancelled = True
                session.incoming.discard()
                return self.answer(499, {"Content-Type": "text/plain"})
            if self.command not in ("PUT", "POST"):
                raise Refusal(405, "httpMethodNotAllowed", "Method Not Allowed")
            if session.result:
                return self.answer_resource(session.bucket, session.result)
            self.continue_session(session)

    def continue_session(self, session):
        first, last, total = self.content_range(session)
        if total is not None:
            if session.total not in (None, total):
                raise invalid(f"Upload has a total of {session.total} bytes, not {total}.")
            session.total = total
        arrived = session.incoming.size
        if first is None:
            # A question about the state, and the end where all of it is there.
            if total is not None and total == arrived:
                return self.complete(session)
            return self.answer_progress(session)
        if first > arrived:
            raise Refusal(
                503, "backendError",
                f"Invalid request. According to the Content-Range header, the upload offset is {first} byte(s), which "
                f"exceeds already uploaded size of {arrived} byte(s).")
        final = last is None or total is not None and last + 1 == total
        count = None if last is None else last - first + 1
        if count is not None and self.body.length is not None and self.body.length != count:
            raise invalid(f"Content-Range announces {count} bytes, and the body has {self.body.length}.")
        if not final and count < QUANTUM:
            raise invalid(
                "Invalid request. The number of bytes uploaded is required to be equal or greater than 262144, except "
                "for the final request (it's recommended to be the exact multiple of 262144). The received request "
                f"contained {count} bytes, which does not meet this requirement.")
        if not self.body.skip(arrived - first):
            return self.answer_progress(session)
        while data := self.body.exactly(QUANTUM):
            if len(data) < QUANTUM and not final:
                break
            session.write(data)
        if not final:
            return self.answer_progress(session)
        if session.total is not None and session.incoming.size != session.total:
            raise invalid(f"{session.incoming.size} bytes arrived of {session.total}.")
        self.complete(session)

    def content_range(self, session):
        """(first, last, total): without a first it is a question, without a last all that remains."""
        value = self.fields.get("content-range")
        if value is None:
            return 0, None, self.body.length
        match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", value.strip())
        if not match:
            raise invalid(f"Failed to parse Content-Range header: {value}")
        first, last, total = match.groups()
        total = None if total == "*" else int(total)
        if first is None:
            return None, None, total
        first, last = int(first), int(last)
        if last < first or total is not None and last >= total:
            raise invalid(f"Failed to parse Content-Range header: {value}")
        return first, last, total

    def answer_progress(self, session):
        arrived = session.incoming.size
        self.answer(308, {"Range": f"bytes=0-{arrived - 1}"} if arrived else {})

    def complete(self, session):
        try:
            session.result = self.store_object(
                session.bucket, session.name, session.incoming, session.metadata, session.hasher.digests(),
                lambda former: self.check_preconditions(former, session.parameters))
        except Refusal:
            # What is wrong with it stays wrong: the session is over.
            session.cancelled = True
            session.incoming.discard()
            raise
        self.answer_resource(session.bucket, session.result)
