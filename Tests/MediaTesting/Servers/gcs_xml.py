"""Google Cloud Storage's XML API, with bearer tokens or V4 signed URLs."""

import urllib.parse

import gcs_signatures
from cloud_serving import Refusal
from gcs_requests import SETTABLE, CloudStorageRequest, Hasher, unmet

RESPONSE_OVERRIDES = {
    "response-content-disposition": "Content-Disposition", "response-content-type": "Content-Type",
    "response-cache-control": "Cache-Control", "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language"}


class XML(CloudStorageRequest):
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
