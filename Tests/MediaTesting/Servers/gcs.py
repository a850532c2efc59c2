"""Google Cloud Storage for tests: `gcs.py FOLDER`.

The JSON API with bearer tokens, which it issues for assertions of a service account or as the metadata server does;
the XML API with bearer tokens or V4 signed URLs, checked with google-cloud-storage's code. Answers are those that
Google documents.

It writes the service account's key to FOLDER/service-account.json, prints one line of JSON,
`{"endpoint": …, "credentials": …, "metadata": …}`, and serves until its standard input closes or SIGTERM comes.
FOLDER/server.log has the requests it refused, with the string that they should have signed.
"""

import base64
import binascii
import hashlib
import json
import re
import threading
import time
import urllib.parse
import uuid
from xml.sax.saxutils import escape

import google_crc32c

import cloud_objects
import cloud_serving
import gcs_signatures
from cloud_serving import Refusal, base64_text, http_date

QUANTUM = 1 << 18
COMPOSE_LIMIT = 32
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
METADATA = "/computeMetadata/v1/instance/service-accounts/default"
TOKEN_SCOPE = gcs_signatures.SCOPES + "cloud-platform"

# Properties that an upload may set, with the header each is in the XML API.
SETTABLE = {
    "contentType": "Content-Type", "cacheControl": "Cache-Control", "contentDisposition": "Content-Disposition",
    "contentEncoding": "Content-Encoding", "contentLanguage": "Content-Language"}
RESPONSE_OVERRIDES = {
    "response-content-disposition": "Content-Disposition", "response-content-type": "Content-Type",
    "response-cache-control": "Cache-Control", "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language"}

ROUTES = [(re.compile(pattern), method, name) for pattern, method, name in (
    (r"/storage/v1/b", "POST", "create_bucket"),
    (r"/storage/v1/b", "GET", "list_buckets"),
    (r"/storage/v1/b/(?P<bucket>[^/]+)", "GET", "get_bucket"),
    (r"/storage/v1/b/(?P<bucket>[^/]+)", "DELETE", "delete_bucket"),
    (r"/storage/v1/b/(?P<bucket>[^/]+)/o", "GET", "list_objects"),
    (r"(?:/download)?/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)", "GET", "get_object"),
    (r"(?:/download)?/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)", "HEAD", "get_object"),
    (r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)", "DELETE", "delete_object"),
    (r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)", "PATCH", "patch_object"),
    (r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)/(?P<verb>rewriteTo|copyTo)/b/(?P<to_bucket>[^/]+)/o/"
     r"(?P<to_name>[^/]+)", "POST", "rewrite_object"),
    (r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)/compose", "POST", "compose_object"),
    (r"(?:/resumable)?/upload/storage/v1/b/(?P<bucket>[^/]+)/o", "POST", "upload"),
    (r"/v1/projects/-/serviceAccounts/(?P<email>[^/]+):signBlob", "POST", "sign_blob"),
)]

def unmet(code, status=412):
    return Refusal(status, code, "At least one of the pre-conditions you specified did not hold.")


def not_found(bucket, name):
    return Refusal(404, "notFound", f"No such object: {bucket}/{name}")


def invalid(message):
    return Refusal(400, "invalid", message)


class Hasher:
    """MD5 and CRC-32C of what passes."""

    def __init__(self):
        self.md5, self.crc = hashlib.md5(), google_crc32c.Checksum()

    def update(self, data):
        self.md5.update(data)
        self.crc.update(data)

    def digests(self):
        return {"md5": base64_text(self.md5.digest()), "crc32c": base64_text(self.crc.digest())}


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


class CloudStorage(cloud_serving.Handler):
    banner = "UploadServer"

    # --- From the request to the operation ----------------------------------------------------------------------------

    def respond(self):
        path = self.raw_path
        self.is_json = path.startswith(("/storage/", "/upload/", "/download/", "/resumable/", "/v1/", "/batch"))
        if path == "/token":
            return self.issue_token()
        if path == "/" or path.startswith("/computeMetadata/"):
            return self.answer_metadata()
        if not self.is_json:
            return self.respond_xml()
        if path.startswith(("/upload/", "/resumable/")) and "upload_id" in self.parameters:
            # The session's address is a secret of its own: no further authorization is needed.
            return self.continue_upload()
        operations = [(match, method, name) for pattern, method, name in ROUTES if (match := pattern.fullmatch(path))]
        operation = next(((match, name) for match, method, name in operations if method == self.command), None)
        if not operation:
            raise Refusal(405 if operations else 404, "httpMethodNotAllowed" if operations else "notFound", "Not Found")
        match, name = operation
        self.authenticate()
        words = {key: urllib.parse.unquote(value) for key, value in match.groupdict().items()}
        getattr(self, name)(**words)

    def authenticate(self):
        scheme, _, token = self.fields.get("authorization", "").partition(" ")
        challenge = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'}
        if scheme.lower() != "bearer":
            raise Refusal(
                401, "required",
                "Anonymous caller does not have storage.objects.get access to the Google Cloud Storage object. "
                "Permission 'storage.objects.get' denied on resource (or it may not exist).", challenge)
        scopes = self.server.tokens.grant(token)
        if scopes is None:
            raise Refusal(
                401, "authError", "Invalid Credentials",
                {"WWW-Authenticate": challenge["WWW-Authenticate"] + ', error="invalid_token"'})
        if not scopes & (gcs_signatures.READING if self.command in ("GET", "HEAD") else gcs_signatures.WRITING):
            raise Refusal(403, "insufficientPermissions", "Insufficient Permission", {
                "WWW-Authenticate": challenge["WWW-Authenticate"] + ', error="insufficient_scope"'})

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

    # --- Tokens -------------------------------------------------------------------------------------------------------

    def issue_token(self):
        def refuse(error, description):
            self.log_refusal(Refusal(400, error, description))
            self.answer_json(400, {"error": error, "error_description": description})

        if self.command != "POST":
            raise Refusal(405, "httpMethodNotAllowed", "Method Not Allowed")
        form = dict(urllib.parse.parse_qsl(self.body.all().decode()))
        if form.get("grant_type") != GRANT_TYPE:
            return refuse("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        try:
            scopes = self.server.account.check_assertion(form.get("assertion", ""), self.server.audiences)
        except LookupError as error:
            return refuse("invalid_scope", str(error.args[0]))
        except ValueError as error:
            return refuse("invalid_grant", str(error))
        self.answer_json(200, {
            "access_token": self.server.tokens.issue("ya29.c.", scopes), "expires_in": self.server.tokens.life,
            "token_type": "Bearer"})

    def answer_metadata(self):
        if self.raw_path != "/" and self.fields.get("metadata-flavor") != "Google":
            self.log_refusal(Refusal(403, "Forbidden", "Missing Metadata-Flavor:Google header."))
            return self.answer(403, {"Content-Type": "text/html"}, b"Missing Metadata-Flavor:Google header.")
        headers = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
        path = self.raw_path.rstrip("/")
        account = {"aliases": ["default"], "email": gcs_signatures.EMAIL, "scopes": [TOKEN_SCOPE]}
        texts = {
            "": "computeMetadata/\n", f"{METADATA}/email": gcs_signatures.EMAIL, f"{METADATA}/scopes": TOKEN_SCOPE,
            "/computeMetadata/v1/project/project-id": gcs_signatures.PROJECT,
            "/computeMetadata/v1/universe/universe-domain": "googleapis.com"}
        if path == f"{METADATA}/token":
            return self.answer_json(200, {
                "access_token": self.server.tokens.issue("ya29.c.", {TOKEN_SCOPE}),
                "expires_in": self.server.tokens.life, "token_type": "Bearer"}, headers)
        if path in (METADATA, METADATA.replace("default", gcs_signatures.EMAIL)):
            return self.answer_json(200, account, headers)
        if path not in texts:
            return self.answer(404, headers | {"Content-Type": "text/html"}, b"Not Found")
        self.answer(200, headers | {"Content-Type": "application/text"}, texts[path].encode())

    def sign_blob(self, email):
        """What IAM offers to those who have a token and no key."""
        if email != gcs_signatures.EMAIL:
            raise Refusal(404, "notFound", "Requested entity was not found.")
        payload = base64.b64decode(self.json_body().get("payload", ""))
        self.answer_json(200, {
            "keyId": self.server.account.key_id, "signedBlob": base64_text(self.server.account.sign(payload))})

    # --- Buckets ------------------------------------------------------------------------------------------------------

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

    def bucket_resource(self, bucket):
        return {
            "kind": "storage#bucket", "id": bucket.name, "name": bucket.name, "projectNumber": "1",
            "selfLink": f"{self.origin}/storage/v1/b/{bucket.name}", "metageneration": "1", "location": "EU",
            "locationType": "multi-region", "storageClass": "STANDARD", "etag": "CAE=",
            "timeCreated": bucket.properties["created"], "updated": bucket.properties["created"],
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"}}

    def create_bucket(self):
        if "project" not in self.parameters:
            raise Refusal(400, "required", "Required parameter: project")
        name = self.json_body().get("name", "")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", name):
            raise invalid(f"Invalid bucket name: '{name}'")
        bucket = self.server.store.create(name, {"created": timestamp()})
        if not bucket:
            raise Refusal(
                409, "conflict",
                "Your previous request to create the named bucket succeeded and you already own it.")
        self.answer_json(200, self.bucket_resource(bucket))

    def list_buckets(self):
        names = sorted(self.server.store.containers)
        self.answer_json(200, {"kind": "storage#buckets", "items": [
            self.bucket_resource(self.find_bucket(name)) for name in names]})

    def get_bucket(self, bucket):
        self.answer_json(200, self.bucket_resource(self.find_bucket(bucket)))

    def delete_bucket(self, bucket):
        bucket = self.find_bucket(bucket)
        if bucket.objects:
            raise Refusal(409, "conflict", "The bucket you tried to delete is not empty.")
        self.server.store.remove(bucket)
        self.answer(204)

    def list_objects(self, bucket):
        bucket = self.find_bucket(bucket)
        parameters = self.parameters
        try:
            limit = min(int(parameters.get("maxResults", "1000")), 1000)
            token = parameters.get("pageToken")
            after = base64.urlsafe_b64decode(token).decode() if token else None
        except ValueError:
            raise invalid("Invalid argument.") from None
        if limit < 1:
            raise invalid("Invalid argument.")
        delimiter, start, end = (parameters.get(name, "") for name in ("delimiter", "startOffset", "endOffset"))
        names = [name for name in list(bucket.objects) if name >= start and (not end or name < end)]
        entries, following = cloud_objects.page(names, parameters.get("prefix", ""), delimiter, after, limit)
        found = [bucket.objects.get(name) for is_prefix, name in entries if not is_prefix]
        items = [self.resource(bucket, item) for item in found if item]
        prefixes = [name for is_prefix, name in entries if is_prefix]
        self.answer_json(200, {"kind": "storage#objects"} | ({"items": items} if items else {})
                         | ({"prefixes": prefixes} if prefixes else {})
                         | ({"nextPageToken": base64.urlsafe_b64encode(following.encode()).decode()}
                            if following is not None else {}))

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

    def get_object(self, bucket, name):
        bucket = self.find_bucket(bucket)
        if self.parameters.get("alt") == "media" or self.raw_path.startswith("/download/"):
            self.parameters.setdefault("alt", "media")
            return self.send_object(
                bucket, name, lambda item: self.check_preconditions(item, reading=True),
                Refusal(416, "requestedRangeNotSatisfiable", "Request range not satisfiable"))
        item = self.find_object(bucket, name)
        self.check_preconditions(item, reading=True)
        self.check_tags(item)
        self.answer_resource(bucket, item)

    def check_tags(self, item):
        tag = self.tag(item.properties)
        if "if-match" in self.fields and not self.lists_tag("if-match", tag):
            raise unmet("conditionNotMet" if self.is_json else "PreconditionFailed")
        if "if-none-match" in self.fields and self.lists_tag("if-none-match", tag):
            raise Refusal(304, "notModified", "Not Modified")

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

    def delete_object(self, bucket, name):
        bucket = self.find_bucket(bucket)
        with self.server.store.locked(bucket, name):
            item = self.find_object(bucket, name)
            self.check_preconditions(item)
            bucket.delete(item)
        self.answer(204)

    def patch_object(self, bucket, name):
        bucket, changes = self.find_bucket(bucket), self.json_body()
        with self.server.store.locked(bucket, name):
            item = self.find_object(bucket, name)
            self.check_preconditions(item)
            properties = item.properties
            content = properties["content"] | {name: changes[name] for name in SETTABLE if name in changes}
            metadata = properties["metadata"] | (changes.get("metadata") or {})
            if "metadata" in changes and changes["metadata"] is None:
                metadata = {}
            item = bucket.update(item, properties | {
                "content": {name: value for name, value in content.items() if value is not None},
                "metadata": {name: value for name, value in metadata.items() if value is not None},
                "metageneration": properties["metageneration"] + 1, "updated": timestamp()})
        self.answer_resource(bucket, item)

    # --- Copies -------------------------------------------------------------------------------------------------------

    def rewrite_object(self, bucket, name, to_bucket, to_name, verb):
        bucket, target, changes = self.find_bucket(bucket), self.find_bucket(to_bucket), self.json_body()
        source = self.find_object(bucket, name, self.parameters.get("sourceGeneration"))
        self.check_preconditions(source, prefix="ifSource")
        if verb == "rewriteTo" and (pending := self.rewritten(source)):
            return self.answer_json(200, pending)
        with self.server.store.locked(target, to_name):
            self.check_preconditions(target.objects.get(to_name))
            properties = source.properties
            # What the request says of the new object takes the place of all that the source has.
            kept = {} if any(key in changes for key in (*SETTABLE, "metadata")) else \
                properties["content"] | {"metadata": properties["metadata"]}
            metadata = kept | {"storageClass": properties["storageClass"]} | changes
            digests = {"md5": properties["md5"], "crc32c": properties["crc32c"]}
            item = target.link(to_name, bucket, source, self.new_properties(metadata, digests))
        if verb == "copyTo":
            return self.answer_resource(target, item)
        self.answer_json(200, {
            "kind": "storage#rewriteResponse", "totalBytesRewritten": str(item.size), "objectSize": str(item.size),
            "done": True, "resource": self.resource(target, item)})

    def rewritten(self, source):
        """The answer to a rewrite of which a part remains, where the client set how much one call may do."""
        limit = int(self.parameters.get("maxBytesRewrittenPerCall", "0"))
        token = self.parameters.get("rewriteToken")
        rewrites = self.server.rewrites
        if limit and limit % (1 << 20):
            raise invalid("maxBytesRewrittenPerCall has to be a multiple of 1 MiB.")
        if token and (token not in rewrites or rewrites[token][0] != source.data):
            raise invalid("Invalid rewrite token.")
        done = (rewrites.pop(token)[1] if token else 0) + (limit or source.size)
        if done >= source.size:
            return None
        token = uuid.uuid4().hex
        rewrites[token] = (source.data, done)
        return {
            "kind": "storage#rewriteResponse", "totalBytesRewritten": str(done), "objectSize": str(source.size),
            "done": False, "rewriteToken": token}

    def compose_object(self, bucket, name):
        bucket, request = self.find_bucket(bucket), self.json_body()
        items = request.get("sourceObjects") or []
        if not 1 <= len(items) <= COMPOSE_LIMIT:
            raise invalid(f"The number of source components provided ({len(items)}) has to be 1 to {COMPOSE_LIMIT}.")
        sources = []
        for item in items:
            generation = item.get("generation")
            source = self.find_object(bucket, item.get("name", ""), str(generation) if generation else None)
            self.check_preconditions(source, item.get("objectPreconditions") or {})
            sources.append(source)
        crc = google_crc32c.Checksum()
        with self.server.store.receiving() as incoming:
            for source in sources:
                incoming.append(bucket.path(source))
                for data in cloud_objects.read_pieces(bucket.path(source)):
                    crc.update(data)
            metadata = request.get("destination") or {}
            metadata.setdefault("contentType", sources[0].properties["content"].get("contentType"))
            # An object composed of others has no MD5.
            digests = {"md5": None, "crc32c": base64_text(crc.digest())}
            with self.server.store.locked(bucket, name):
                self.check_preconditions(bucket.objects.get(name))
                properties = self.new_properties(metadata, digests)
                properties["componentCount"] = sum(source.properties.get("componentCount") or 1 for source in sources)
                item = bucket.put(name, incoming, properties)
        self.answer_resource(bucket, item)

    # --- Uploads ------------------------------------------------------------------------------------------------------

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

    # --- The XML API --------------------------------------------------------------------------------------------------

    def respond_xml(self):
        bucket, _, name = self.raw_path.lstrip("/").partition("/")
        bucket, name = urllib.parse.unquote(bucket), urllib.parse.unquote(name)
        signed = "X-Goog-Signature" in self.parameters
        if signed and "authorization" in self.fields:
            raise Refusal(400, "InvalidArgument", "Invalid argument.", Details="Multiple authorizations are given.")
        if signed:
            gcs_signatures.check_signed_url(
                self.server.account, self.command, self.raw_path, self.parameters, self.fields)
        elif "authorization" in self.fields:
            try:
                self.authenticate()
            except Refusal as refusal:
                code, message = ("AuthenticationRequired", "Authentication required.") if refusal.status == 401 \
                    else ("AccessDenied", "Access denied.")
                raise Refusal(refusal.status, code, message, refusal.headers) from None
        else:
            raise Refusal(
                403, "AccessDenied", "Access denied.",
                Details=f"Anonymous caller does not have storage.objects.get access to {bucket}/{name}.")
        operation = {"GET": self.get_xml, "HEAD": self.get_xml, "PUT": self.put_xml, "DELETE": self.delete_xml}.get(
            self.command)
        if not operation or not name:
            raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        operation(self.find_bucket(bucket), name, signed)

    def check_xml_preconditions(self, item):
        for kind in ("generation", "metageneration"):
            wanted = self.fields.get(f"x-goog-if-{kind}-match")
            if wanted is not None and wanted != (str(item.properties[kind]) if item else "0"):
                raise unmet("PreconditionFailed")

    def get_xml(self, bucket, name, signed):
        overrides = {
            header: self.parameters[parameter] for parameter, header in RESPONSE_OVERRIDES.items()
            if parameter in self.parameters} if signed else {}
        self.send_object(
            bucket, name, self.check_xml_preconditions,
            Refusal(416, "InvalidRange", "The requested range cannot be satisfied."), overrides)

    def put_xml(self, bucket, name, _):
        if self.body.length is None and not self.body.chunked:
            raise Refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        metadata = {key: self.fields.get(header.lower()) for key, header in SETTABLE.items()}
        metadata["metadata"] = {
            key[len("x-goog-meta-"):]: value for key, value in self.fields.items() if key.startswith("x-goog-meta-")}
        metadata["storageClass"] = self.fields.get("x-goog-storage-class", "STANDARD")
        self.check_xml_preconditions(bucket.objects.get(name))
        with self.server.store.receiving() as incoming:
            hasher = Hasher()
            for data in self.body:
                incoming.write(data)
                hasher.update(data)
            item = self.store_object(bucket, name, incoming, metadata, hasher.digests(), self.check_xml_preconditions)
        headers = self.object_headers(item)
        self.answer(200, {"Content-Type": "text/html; charset=UTF-8", "ETag": headers["ETag"]} | {
            key: value for key, value in headers.items() if key.startswith("x-goog-") and "meta-" not in key})

    def delete_xml(self, bucket, name, _):
        with self.server.store.locked(bucket, name):
            item = self.find_object(bucket, name)
            self.check_xml_preconditions(item)
            bucket.delete(item)
        self.answer(204)


def timestamp(seconds=None):
    seconds = time.time() if seconds is None else seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03}Z"


class CloudStorageServer(cloud_serving.Server):
    def __init__(self, words):
        super().__init__(words.folder, words.port, CloudStorage)
        self.store = cloud_objects.ObjectStore(words.folder)
        self.tokens = cloud_serving.Tokens(words.token_life)
        self.account = gcs_signatures.ServiceAccount(words.folder / "service-account.json")
        self.endpoint = f"http://127.0.0.1:{self.port}"
        # Google's own libraries name the former, wherever they send the assertion.
        self.audiences = ["https://oauth2.googleapis.com/token", f"{self.endpoint}/token"]
        self.sessions, self.rewrites = {}, {}
        self.generation_lock, self.generation = threading.Lock(), 0

    def next_generation(self):
        with self.generation_lock:
            self.generation = max(self.generation + 1, int(time.time() * 1_000_000))
            return self.generation


def main():
    words = cloud_serving.arguments(__doc__.splitlines()[0])
    server = CloudStorageServer(words)
    server.account.write(server.endpoint)
    server.run({
        "endpoint": server.endpoint, "credentials": str(server.account.path), "metadata": server.endpoint})


if __name__ == "__main__":
    main()
