"""Blobs of Azure's storage as they are: read, changed, deleted."""

import hashlib
import os
import time

from azure.storage.extensions.checksums import crc64

import azure_signatures
from azure_requests import encode_crc, invalid_header, missing_header, new_tag
from azure_uploads import Receiving
from cloud_serving import Refusal, base64_text, http_date

RANGE_HASH_LIMIT = 4 << 20


class Blobs(Receiving):
    # --- Reading ------------------------------------------------------------------------------------------------------

    def blob_headers(self, blob):
        properties = blob.properties
        return self.validators(properties) | self.metadata_headers(properties) | properties.get("copy", {}) \
            | properties["content"] | {
                "Accept-Ranges": "bytes", "x-ms-blob-type": "BlockBlob", "x-ms-lease-status": "unlocked",
                "x-ms-lease-state": "available", "x-ms-server-encrypted": "true",
                "x-ms-creation-time": http_date(properties["created"])}

    def get_blob(self):
        while True:
            blob = self.blob()
            try:
                with open(self.container.path(blob), "rb") as file:
                    return self.send_blob(blob, file)
            except FileNotFoundError:
                # It was replaced in between.
                if self.container.objects.get(self.blob_name) is blob:
                    raise

    def send_blob(self, blob, file):
        self.check_conditions(blob, writing=False)
        headers = self.blob_headers(blob)
        if self.permissions is not None:
            headers |= {
                header: self.parameters[name] for name, header in azure_signatures.SAS_OVERRIDES.items()
                if name in self.parameters}
        md5 = blob.properties["md5"]
        if self.command == "HEAD":
            headers |= {"Content-MD5": md5, "x-ms-access-tier": blob.properties["tier"] or "Hot"} | (
                {} if blob.properties["tier"] else {"x-ms-access-tier-inferred": "true"})
            return self.reply(200, headers, size=blob.size)
        name = "x-ms-range" if "x-ms-range" in self.fields else "range"
        wants_md5, wants_crc = (
            self.fields.get(f"x-ms-range-get-content-{kind}", "").lower() == "true" for kind in ("md5", "crc64"))
        if name not in self.fields:
            if wants_md5 or wants_crc:
                raise invalid_header("x-ms-range-get-content-md5", "true")
            return self.reply(200, headers | {"Content-MD5": md5}, file=file, length=blob.size)
        offset, length = self.parse_range(name, self.fields[name], blob.size)
        headers |= {"Content-Range": f"bytes {offset}-{offset + length - 1}/{blob.size}", "x-ms-blob-content-md5": md5}
        if wants_md5 or wants_crc:
            if length > RANGE_HASH_LIMIT:
                raise Refusal(400, "OutOfRangeInput", "One of the request inputs is out of range.")
            data = os.pread(file.fileno(), length, offset)
            if wants_md5:
                headers["Content-MD5"] = base64_text(hashlib.md5(data).digest())
            if wants_crc:
                headers["x-ms-content-crc64"] = encode_crc(crc64.compute(data, 0))
        self.reply(206, headers, file=file, offset=offset, length=length)

    # --- Changing and deleting ----------------------------------------------------------------------------------------

    def change(self, **changes):
        """Changes a blob's properties under its conditions."""
        with self.server.store.locked(self.container, self.blob_name):
            blob = self.blob()
            self.check_conditions(blob, writing=True)
            return self.container.update(blob, blob.properties | changes).properties

    def set_blob_properties(self):
        md5 = self.fields.get("x-ms-blob-content-md5")
        self.reply(200, self.validators(self.change(
            etag=new_tag(), modified=time.time(), content=self.content_headers(), md5=md5)))

    def set_blob_metadata(self):
        self.reply(200, self.validators(self.change(etag=new_tag(), modified=time.time(), metadata=self.metadata())))

    def set_blob_tier(self):
        if not self.tier():
            raise missing_header("x-ms-access-tier")
        self.change(tier=self.tier())
        self.reply(200)

    def delete_blob(self):
        with self.server.store.locked(self.container, self.blob_name):
            blob = self.blob()
            self.check_conditions(blob, writing=True)
            self.container.delete(blob)
            self.discard_blocks()
        self.reply(202, {"x-ms-delete-type-permanent": "true"})
