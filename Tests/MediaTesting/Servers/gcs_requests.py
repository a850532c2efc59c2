"""What all operations of Google Cloud Storage share: refusals, and objects with their conditions, hashes and headers."""

import base64
import binascii
import hashlib
import json
import re
import time
import urllib.parse
from xml.sax.saxutils import escape

import google_crc32c

import cloud_serving
from cloud_serving import Refusal, base64_text, http_date

# Properties that an upload may set, with the header each is in the XML API.
SETTABLE = {
    "contentType": "Content-Type", "cacheControl": "Cache-Control", "contentDisposition": "Content-Disposition",
    "contentEncoding": "Content-Encoding", "contentLanguage": "Content-Language"}


def unmet(code, status=412):
    return Refusal(status, code, "At least one of the pre-conditions you specified did not hold.")


def not_found(bucket, name):
    return Refusal(404, "notFound", f"No such object: {bucket}/{name}")


def invalid(message):
    return Refusal(400, "invalid", message)


def timestamp(seconds=None):
    seconds = time.time() if seconds is None else seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03}Z"


class Hasher:
    """MD5 and CRC-32C of what passes."""

    def __init__(self):
        self.md5, self.crc = hashlib.md5(), google_crc32c.Checksum()

    def update(self, data):
        self.md5.update(data)
        self.crc.update(data)

    def digests(self):
        return {"md5": base64_text(self.md5.digest()), "crc32c": base64_text(self.crc.digest())}


class CloudStorageRequest(cloud_serving.Handler):
    def refuse(self, refusal):
        if not getattr(self, "is_json", True):
            fields = {"Details": None} | refusal.fields
            body = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value)
            return self.answer(refusal.status, {"Content-Type": "application/xml; charset=UTF-8"} | refusal.headers, (
                f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{refusal.code}</Code>"
                f"<Message>{escape(refusal.message)}</Message>{body}</Error>").encode())
        if self.parameters.get("alt") == "media" and self.command == "GET":
            headers = {"Content-Type": "text/html; charset=UTF-8"} | refusal.headers
            return self.answer(refusal.status, headers, refusal.message.encode())
        error = {"message": refusal.message, "domain": "global", "reason": refusal.code}
        if refusal.status == 401:
            error |= {"locationType": "header", "location": "Authorization"}
        if refusal.status == 412:
            error |= {"locationType": "header", "location": "If-Match"}
        self.answer_json(
            refusal.status, {"error": {"code": refusal.status, "message": refusal.message, "errors": [error]}},
            refusal.headers)

    def json_body(self):
        data = self.body.all()
        try:
            value = json.loads(data or b"{}")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Refusal(400, "parseError", "Parse Error")
        return value

    def find_bucket(self, name):
        bucket = self.server.store.containers.get(name)
        if not bucket:
            if self.is_json:
                raise Refusal(404, "notFound", "The specified bucket does not exist.")
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist.")
        return bucket

    # --- Objects ------------------------------------------------------------------------------------------------------

    def resource(self, bucket, item):
        properties = item.properties
        generation = properties["generation"]
        link = f"{self.origin}/storage/v1/b/{bucket.name}/o/{urllib.parse.quote(item.name, safe='')}"
        result = {
            "kind": "storage#object", "id": f"{bucket.name}/{item.name}/{generation}", "name": item.name,
            "bucket": bucket.name, "selfLink": link,
            "mediaLink": link.replace("/storage/v1", "/download/storage/v1") + f"?generation={generation}&alt=media",
            "generation": str(generation), "metageneration": str(properties["metageneration"]), "size": str(item.size),
            "storageClass": properties["storageClass"], "crc32c": properties["crc32c"], "md5Hash": properties["md5"],
            "etag": self.tag(properties), "timeCreated": properties["created"], "updated": properties["updated"],
            "timeFinalized": properties["created"], "timeStorageClassUpdated": properties["created"],
            "componentCount": properties.get("componentCount"), "metadata": properties["metadata"] or None}
        return {name: value for name, value in (result | properties["content"]).items() if value is not None}

    def tag(self, properties):
        """An ETag, which the JSON API has of another form than the XML API."""
        version = base64_text(f"{properties['generation']}/{properties['metageneration']}".encode())
        if self.is_json:
            return version
        return '"' + (base64.b64decode(properties["md5"]).hex() if properties["md5"] else f"-{version}") + '"'

    def answer_resource(self, bucket, item):
        self.answer_json(200, self.resource(bucket, item), {"ETag": self.tag(item.properties)})

    def object_headers(self, item):
        """The headers that describe an object, of the XML API and of downloads."""
        properties = item.properties
        hashes = [f"{kind}={properties[kind]}" for kind in ("crc32c", "md5") if properties[kind]]
        return {header: properties["content"].get(name) for name, header in SETTABLE.items()} | {
            "ETag": self.tag(properties),
            "Content-Type": properties["content"].get("contentType", "application/octet-stream"),
            "Accept-Ranges": "bytes", "Last-Modified": http_date(properties["modified"]),
            "x-goog-generation": properties["generation"], "x-goog-metageneration": properties["metageneration"],
            "x-goog-hash": hashes, "x-goog-storage-class": properties["storageClass"],
            "x-goog-stored-content-length": item.size,
            "x-goog-stored-content-encoding": properties["content"].get("contentEncoding", "identity"),
            } | {f"x-goog-meta-{name}": value for name, value in properties["metadata"].items()}

    def find_object(self, bucket, name, generation=None):
        item = bucket.objects.get(name)
        generation = generation or self.parameters.get("generation")
        if not item or generation and generation != str(item.properties["generation"]):
            if self.is_json:
                raise not_found(bucket.name, name)
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.",
                          Details=f"No such object: {bucket.name}/{name}")
        return item

    def check_preconditions(self, item, parameters=None, reading=False, prefix="if"):
        """The conditions of the JSON API; a generation of 0 stands for no object."""
        parameters = self.parameters if parameters is None else parameters
        for kind in ("Generation", "Metageneration"):
            present = str(item.properties[kind.lower()]) if item else "0"
            wanted = parameters.get(f"{prefix}{kind}Match")
            unwanted = parameters.get(f"{prefix}{kind}NotMatch")
            for value in (wanted, unwanted):
                if value is not None and not re.fullmatch(r"\d+", str(value)):
                    raise invalid(f"Invalid value: {value}")
            if wanted is not None and str(wanted) != present:
                raise unmet("conditionNotMet")
            if unwanted is not None and str(unwanted) == present:
                raise unmet("conditionNotMet", 304 if reading else 412)

    def check_tags(self, item):
        tag = self.tag(item.properties)
        if "if-match" in self.fields and not self.lists_tag("if-match", tag):
            raise unmet("conditionNotMet" if self.is_json else "PreconditionFailed")
        if "if-none-match" in self.fields and self.lists_tag("if-none-match", tag):
            raise Refusal(304, "notModified", "Not Modified")

    # --- Storing ------------------------------------------------------------------------------------------------------

    def new_properties(self, metadata, digests):
        now = time.time()
        return {
            "generation": self.server.next_generation(), "metageneration": 1, "created": timestamp(now),
            "updated": timestamp(now), "modified": now, "md5": digests["md5"], "crc32c": digests["crc32c"],
            "storageClass": metadata.get("storageClass", "STANDARD"), "metadata": metadata.get("metadata") or {},
            "content": {name: metadata[name] for name in SETTABLE if metadata.get(name)}}

    def store_object(self, bucket, name, incoming, metadata, digests, check):
        """Makes an object of what was received; `check(former)` decides whether it may take the place."""
        self.check_hashes(metadata, digests)
        with self.server.store.locked(bucket, name):
            check(bucket.objects.get(name))
            return bucket.put(name, incoming, self.new_properties(metadata, digests))

    def announced_hashes(self):
        value = self.fields.get("x-goog-hash", "")
        hashes = dict(item.strip().split("=", 1) for item in value.split(",") if "=" in item)
        if "content-md5" in self.fields:
            hashes["md5"] = self.fields["content-md5"]
        return hashes

    def check_hashes(self, metadata, digests):
        announced = self.announced_hashes()
        for kind, name, title in (("md5", "md5Hash", "MD5 hash"), ("crc32c", "crc32c", "CRC32C")):
            for value in (announced.get(kind), metadata.get(name)):
                if value is None:
                    continue
                try:
                    valid = len(base64.b64decode(value, validate=True)) == (16 if kind == "md5" else 4)
                except binascii.Error:
                    valid = False
                message = f"Provided {title} \"{value}\" doesn't match calculated {title} \"{digests[kind]}\"."
                if not valid:
                    message = f"Invalid {title} \"{value}\"."
                if value != digests[kind] or not valid:
                    if self.is_json:
                        raise invalid(message)
                    raise Refusal(400, "BadDigest" if valid else "InvalidDigest", message, Details=message)

    # --- Sending ------------------------------------------------------------------------------------------------------

    def send_object(self, bucket, name, check, unsatisfiable, overrides=()):
        while True:
            item = self.find_object(bucket, name)
            try:
                with open(bucket.path(item), "rb") as file:
                    check(item)
                    self.check_tags(item)
                    return self.send_file(item, file, unsatisfiable, overrides)
            except FileNotFoundError:
                # It was replaced in between.
                if bucket.objects.get(name) is item:
                    raise

    def send_file(self, item, file, unsatisfiable, overrides):
        headers = self.object_headers(item) | dict(overrides)
        if self.command == "HEAD":
            return self.answer(200, headers, size=item.size)
        try:
            part = cloud_serving.parse_range(self.fields.get("range", ""), item.size, suffixes=True)
        except ValueError:
            unsatisfiable.headers["Content-Range"] = f"bytes */{item.size}"
            raise unsatisfiable from None
        if not part:
            return self.answer(200, headers, file=file, length=item.size)
        offset, length = part
        headers["Content-Range"] = f"bytes {offset}-{offset + length - 1}/{item.size}"
        self.answer(206, headers, file=file, offset=offset, length=length)
