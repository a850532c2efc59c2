"""What comes into a blob of Azure's storage: at once, in blocks, or from another blob."""

import base64
import binascii
import hashlib
import os
import shutil
import time
import urllib.parse
import uuid

from azure.storage.extensions.checksums import crc64

import azure_signatures
import cloud_objects
import cloud_serving
from azure_requests import (
    AzureRequest, encode_crc, element, invalid_header, invalid_parameter, missing_header, new_tag, no_blob)
from cloud_serving import Refusal, base64_text, http_date

BLOCK_LIMIT = 50_000
COPY_LIMIT = 256 << 20

# Headers of an upload that are kept, and the header that they come back as.
CONTENT_HEADERS = {
    "x-ms-blob-content-type": "Content-Type", "x-ms-blob-content-encoding": "Content-Encoding",
    "x-ms-blob-content-language": "Content-Language", "x-ms-blob-cache-control": "Cache-Control",
    "x-ms-blob-content-disposition": "Content-Disposition"}


class Receiving(AzureRequest):
    """A body with its hashes, and blocks that no list has named yet."""

    def hash_header(self, name, length, code):
        """The digest that a header announces, or None."""
        value = self.fields.get(name)
        if value is None:
            return None
        try:
            digest = base64.b64decode(value, validate=True)
        except binascii.Error:
            digest = b""
        if len(digest) != length:
            raise Refusal(
                400, code, "The hash specified in the request is invalid. It has to be encoded as Base64.",
                HeaderName=name, HeaderValue=value)
        return digest

    def receive(self, incoming, *hash_headers):
        """Writes the body into a file: its (MD5, CRC-64), which are those that the request announced."""
        announced = [self.hash_header(name, 16, "InvalidMd5") for name in ("content-md5", *hash_headers)]
        announced_crc = self.hash_header("x-ms-content-crc64", 8, "InvalidHeaderValue")
        md5, crc = hashlib.md5(), 0
        for data in self.body:
            incoming.write(data)
            md5.update(data)
            crc = crc64.compute(data, crc)
        self.check_hashes(announced, md5.digest(), announced_crc, crc)
        return md5.digest(), crc

    def check_hashes(self, announced, md5, announced_crc, crc):
        for digest in announced:
            if digest not in (None, md5):
                raise Refusal(
                    400, "Md5Mismatch",
                    "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
                    UserSpecifiedMd5=base64_text(digest), ServerCalculatedMd5=base64_text(md5))
        if announced_crc is not None and int.from_bytes(announced_crc, "little") != crc:
            raise Refusal(
                400, "Crc64Mismatch",
                "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.",
                UserSpecifiedCrc=base64_text(announced_crc), ServerCalculatedCrc=encode_crc(crc))

    def hash_headers(self, md5, crc):
        """What an upload is answered with: the hash of the kind that it was checked by."""
        if "content-md5" in self.fields:
            return {"Content-MD5": base64_text(md5)}
        return {"x-ms-content-crc64": encode_crc(crc)}

    def content_headers(self):
        content = {header: self.fields[name] for name, header in CONTENT_HEADERS.items() if name in self.fields}
        return {"Content-Type": "application/octet-stream"} | content

    def new_properties(self, md5, blocks):
        former = self.container.objects.get(self.blob_name)
        now = time.time()
        return {
            "etag": new_tag(), "modified": now, "created": former.properties["created"] if former else now, "md5": md5,
            "content": self.content_headers(), "metadata": self.metadata(), "tier": self.tier(), "blocks": blocks}

    def block_folder(self):
        return self.container.folder / "blocks" / cloud_serving.short_hash(self.blob_name)

    def uncommitted_blobs(self):
        return [path.read_text() for path in (self.container.folder / "blocks").glob("*/name")]

    def uncommitted_blocks(self):
        """Files by block id."""
        return {path.name.encode(): path for path in self.block_folder().glob("[!n]*")}

    def discard_blocks(self):
        shutil.rmtree(self.block_folder(), ignore_errors=True)


class Copies(Receiving):
    def copy_source(self, authorized):
        """The (container, blob) of x-ms-copy-source, which needs a SAS or a token of its own if not `authorized`."""
        def unverified(status, message):
            return Refusal(status, "CannotVerifyCopySource", message)

        url = urllib.parse.urlsplit(self.fields["x-ms-copy-source"])
        account, _, rest = url.path.lstrip("/").partition("/")
        container_name, _, name = rest.partition("/")
        if url.netloc != self.fields.get("host") or account != self.server.account or not name:
            raise unverified(404, "The specified resource does not exist.")
        container_name, name = urllib.parse.unquote(container_name), urllib.parse.unquote(name)
        parameters = dict(urllib.parse.parse_qsl(url.query.replace("+", "%2B"), keep_blank_values=True))
        token = self.fields.get("x-ms-copy-source-authorization")
        try:
            if "sig" in parameters:
                permissions = azure_signatures.check_sas(
                    parameters, {}, account, self.server.key, container_name, name, self.client_address[0])
                if "r" not in permissions:
                    raise self.not_permitted(permissions)
            elif token:
                self.check_token(token.removeprefix("Bearer "))
            elif not authorized:
                raise azure_signatures.challenged("NoAuthenticationInformation")
        except Refusal as refusal:
            raise Refusal(
                refusal.status, "CannotVerifyCopySource", refusal.message, refusal.headers, refusal.detail,
                **refusal.fields) from None
        container = self.server.store.containers.get(container_name)
        blob = container and container.objects.get(name)
        if not blob:
            raise unverified(404, "The specified blob does not exist.")
        return container, blob

    def copy_blob(self):
        """Copy Blob From URL, whose source needs authorization too; or Copy Blob, which here is done at once."""
        synchronous = self.fields.get("x-ms-requires-sync", "").lower() == "true"
        container, source = self.copy_source(authorized=not synchronous and self.permissions is None)
        if synchronous and source.size > COPY_LIMIT:
            raise Refusal(
                409, "CopySourceTooLarge", "The source of a synchronous copy may not be larger than 256 MiB.")
        md5 = self.hash_header("x-ms-source-content-md5", 16, "InvalidMd5")
        if md5 and md5 != self.file_hashes(container.path(source))[0]:
            raise Refusal(400, "Md5Mismatch", "The MD5 value specified in the request did not match.")
        now = time.time()
        copy_id = str(uuid.uuid4())
        with self.server.store.locked(self.container, self.blob_name):
            former = self.container.objects.get(self.blob_name)
            self.check_conditions(former, writing=True)
            self.check_overwrite(former)
            properties = source.properties | {
                "etag": new_tag(), "modified": now, "created": former.properties["created"] if former else now,
                "metadata": self.metadata() or source.properties["metadata"], "tier": self.tier(),
                "copy": {
                    "x-ms-copy-id": copy_id, "x-ms-copy-status": "success",
                    "x-ms-copy-source": self.fields["x-ms-copy-source"].split("?")[0],
                    "x-ms-copy-progress": f"{source.size}/{source.size}", "x-ms-copy-completion-time": http_date(now)}}
            if synchronous:
                del properties["copy"]
            self.container.link(self.blob_name, container, source, properties)
            self.discard_blocks()
        self.reply(202, self.validators(properties) | {"x-ms-copy-id": copy_id, "x-ms-copy-status": "success"} | (
            {"Content-MD5": source.properties["md5"]} if synchronous else {}))

    def receive_copy(self, incoming):
        """Put Block From URL: takes the block's bytes from another blob."""
        container, source = self.copy_source(authorized=False)
        if self.body.length:
            raise invalid_header("Content-Length", self.body.length)
        offset, length = 0, source.size
        value = self.fields.get("x-ms-source-range")
        if value:
            offset, length = self.parse_range("x-ms-source-range", value, source.size)
        incoming.append(container.path(source), offset, length)
        incoming.file.flush()
        md5, crc = self.file_hashes(incoming.path)
        announced = self.hash_header("x-ms-source-content-md5", 16, "InvalidMd5")
        announced_crc = self.hash_header("x-ms-source-content-crc64", 8, "InvalidHeaderValue")
        self.check_hashes([announced], md5, announced_crc, crc)
        return md5, crc

    def file_hashes(self, path):
        md5, crc = hashlib.md5(), 0
        for data in cloud_objects.read_pieces(path):
            md5.update(data)
            crc = crc64.compute(data, crc)
        return md5.digest(), crc


class Uploads(Copies):
    def put_blob(self):
        if "x-ms-copy-source" in self.fields:
            return self.copy_blob()
        kind = self.fields.get("x-ms-blob-type")
        if kind is None:
            raise missing_header("x-ms-blob-type")
        if kind != "BlockBlob":
            raise invalid_header("x-ms-blob-type", kind)
        self.metadata(), self.tier()
        self.check_conditions(self.container.objects.get(self.blob_name), writing=True)
        self.check_overwrite(self.container.objects.get(self.blob_name))
        with self.server.store.receiving() as incoming:
            md5, crc = self.receive(incoming, "x-ms-blob-content-md5")
            content_type = self.fields.get("content-type")
            properties = self.new_properties(base64_text(md5), [])
            if "x-ms-blob-content-type" not in self.fields and content_type:
                properties["content"]["Content-Type"] = content_type
            with self.server.store.locked(self.container, self.blob_name):
                former = self.container.objects.get(self.blob_name)
                self.check_conditions(former, writing=True)
                self.check_overwrite(former)
                self.container.put(self.blob_name, incoming, properties)
                self.discard_blocks()
        self.reply(201, self.validators(properties) | {
            "Content-MD5": base64_text(md5), "x-ms-content-crc64": encode_crc(crc),
            "x-ms-request-server-encrypted": "true"})

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def block_id(self, value):
        try:
            decoded = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if not 1 <= len(decoded) <= 64:
            raise invalid_parameter("blockid", value)
        return decoded.hex().encode()

    def put_block(self):
        if "blockid" not in self.parameters:
            raise Refusal(
                400, "MissingRequiredQueryParameter",
                "A query parameter that's mandatory for this request is not specified.", QueryParameterName="blockid")
        block = self.block_id(self.parameters["blockid"])
        with self.server.store.receiving() as incoming:
            if "x-ms-copy-source" in self.fields:
                md5, crc = self.receive_copy(incoming)
            elif self.body.length == 0:
                raise invalid_header("Content-Length", "0")
            else:
                md5, crc = self.receive(incoming)
            with self.server.store.locked(self.container, self.blob_name):
                self.check_block_id(block)
                folder = self.block_folder()
                folder.mkdir(exist_ok=True)
                (folder / "name").write_text(self.blob_name)
                os.replace(incoming.close(), folder / block.decode())
        self.reply(201, self.hash_headers(md5, crc) | {"x-ms-request-server-encrypted": "true"})

    def check_block_id(self, block):
        blob = self.container.objects.get(self.blob_name)
        others = list(self.uncommitted_blocks())[:1] + [
            item[0].encode() for item in (blob.properties["blocks"] if blob else [])[:1]]
        if any(len(other) != len(block) for other in others):
            raise Refusal(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")

    def put_block_list(self):
        data = self.body.all()
        announced = self.hash_header("content-md5", 16, "InvalidMd5")
        announced_crc = self.hash_header("x-ms-content-crc64", 8, "InvalidHeaderValue")
        md5, crc = hashlib.md5(data).digest(), crc64.compute(data, 0)
        self.check_hashes([announced], md5, announced_crc, crc)
        document = self.parse_xml(data)
        if document.tag != "BlockList":
            raise Refusal(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
        if len(document) > BLOCK_LIMIT:
            raise Refusal(
                400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.")
        store = self.server.store
        with store.locked(self.container, self.blob_name), store.receiving() as incoming:
            former = self.container.objects.get(self.blob_name)
            self.check_conditions(former, writing=True)
            self.check_overwrite(former)
            blocks = self.join_blocks(document, former, incoming)
            content_md5 = self.fields.get("x-ms-blob-content-md5")
            properties = self.new_properties(content_md5, blocks)
            self.container.put(self.blob_name, incoming, properties)
            self.discard_blocks()
        self.reply(201, self.validators(properties) | self.hash_headers(md5, crc) | {
            "x-ms-request-server-encrypted": "true"})

    def join_blocks(self, document, former, incoming):
        """Writes the blocks that the list names: their (id, size)."""
        invalid = Refusal(400, "InvalidBlockList", "The specified block list is invalid.")
        uncommitted, committed, offset = self.uncommitted_blocks(), {}, 0
        for block, size in former.properties["blocks"] if former else []:
            committed.setdefault(block.encode(), (offset, size))
            offset += size
        parts = []
        for item in document:
            try:
                block = self.block_id((item.text or "").strip())
            except Refusal:
                raise invalid from None
            if item.tag not in ("Latest", "Uncommitted", "Committed"):
                raise Refusal(
                    400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format.")
            if item.tag != "Committed" and block in uncommitted:
                parts.append((block, uncommitted[block], 0, uncommitted[block].stat().st_size))
            elif item.tag != "Uncommitted" and block in committed:
                parts.append((block, self.container.path(former), *committed[block]))
            else:
                raise invalid
        for _, path, offset, size in parts:
            incoming.append(path, offset, size)
        return [(block.decode(), size) for block, _, _, size in parts]

    def get_block_list(self):
        kind = self.parameters.get("blocklisttype", "committed")
        if kind not in ("committed", "uncommitted", "all"):
            raise invalid_parameter("blocklisttype", kind)
        blob, uncommitted = self.container.objects.get(self.blob_name), self.uncommitted_blocks()
        if not blob and not uncommitted:
            raise no_blob()

        def blocks(items):
            return "".join(
                f"<Block>{element('Name', base64_text(bytes.fromhex(block)))}{element('Size', size)}</Block>"
                for block, size in items)

        text = '<?xml version="1.0" encoding="utf-8"?><BlockList>'
        if kind != "uncommitted":
            text += f"<CommittedBlocks>{blocks(blob.properties['blocks'] if blob else [])}</CommittedBlocks>"
        if kind != "committed":
            items = sorted((block.decode(), path.stat().st_size) for block, path in uncommitted.items())
            text += f"<UncommittedBlocks>{blocks(items)}</UncommittedBlocks>"
        headers = self.validators(blob.properties) if blob else {}
        self.reply_xml(text + "</BlockList>", headers | {"x-ms-blob-content-length": blob.size if blob else 0})
