"""Google Cloud Storage's buckets and objects in the JSON API, but for uploads."""

import base64
import re
import uuid

import google_crc32c

import cloud_objects
from cloud_serving import Refusal, base64_text
from gcs_requests import SETTABLE, CloudStorageRequest, invalid, timestamp

COMPOSE_LIMIT = 32


class Objects(CloudStorageRequest):
    # --- Buckets ------------------------------------------------------------------------------------------------------

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
