"""What all operations of Azure's storage share: answers and refusals, parameters, conditions and properties of blobs."""

import base64
import email.utils
import re
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as xml
from xml.sax.saxutils import escape

import azure_signatures
import cloud_serving
from cloud_serving import Refusal, base64_text, http_date

STORAGE_RESOURCE = "https://storage.azure.com"
TIERS = ("Hot", "Cool", "Cold", "Archive")
NOT_MET = "The condition specified using HTTP conditional header(s) is not met."


def no_blob():
    return Refusal(404, "BlobNotFound", "The specified blob does not exist.")


def invalid_header(name, value):
    return Refusal(
        400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.",
        HeaderName=name, HeaderValue=value)


def missing_header(name):
    return Refusal(
        400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified.",
        HeaderName=name)


def invalid_parameter(name, value):
    return Refusal(
        400, "InvalidQueryParameterValue",
        "Value for one of the query parameters specified in the request URI is invalid.",
        QueryParameterName=name, QueryParameterValue=value)


def encode_crc(value):
    return base64_text(value.to_bytes(8, "little"))


def new_tag():
    return f'"0x8D{uuid.uuid4().hex[:13].upper()}"'


def element(name, text):
    return f"<{name}>{escape(str(text))}</{name}>" if text is not None else ""


def name_element(name):
    if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", name):
        return f'<Name Encoded="true">{escape(urllib.parse.quote(name))}</Name>'
    return element("Name", name)


class AzureRequest(cloud_serving.Handler):
    def check_token(self, token):
        if self.server.tokens.grant(token) != STORAGE_RESOURCE:
            raise azure_signatures.challenged("InvalidAuthenticationInfo")

    def not_permitted(self, permissions):
        return Refusal(
            403, "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
            detail={"permissions": permissions})

    # --- Answers ------------------------------------------------------------------------------------------------------

    def common_headers(self):
        headers = {
            "x-ms-request-id": getattr(self, "request_id", None), "x-ms-version": self.fields.get("x-ms-version")
            or self.parameters.get("sv")}
        client_id = self.fields.get("x-ms-client-request-id", "")
        return headers | ({"x-ms-client-request-id": client_id} if 0 < len(client_id) <= 1024 else {})

    def reply(self, status, headers=(), body=b"", **options):
        self.answer(status, self.common_headers() | dict(headers), body, **options)

    def reply_xml(self, text, headers=()):
        self.reply(200, {"Content-Type": "application/xml"} | dict(headers), text.encode())

    def refuse(self, refusal):
        request_id = self.request_id = getattr(self, "request_id", str(uuid.uuid4()))
        moment = time.strftime("%Y-%m-%dT%H:%M:%S.0000000Z", time.gmtime())
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error>{element('Code', refusal.code)}<Message>{escape(refusal.message)}\n"
            f"RequestId:{request_id}\nTime:{moment}</Message>"
            + "".join(element(name, value) for name, value in refusal.fields.items()) + "</Error>").encode()
        if self.command == "HEAD" or refusal.status == 304:
            body = b""
        headers = {"x-ms-error-code": refusal.code, "Content-Type": "application/xml"}
        self.reply(refusal.status, headers | refusal.headers, body)

    # --- Parameters and documents -------------------------------------------------------------------------------------

    def endpoint(self):
        return f"{self.origin}/{self.server.account}"

    def limit(self):
        try:
            limit = int(self.parameters.get("maxresults", "5000"))
        except ValueError:
            limit = 0
        if limit < 1:
            raise invalid_parameter("maxresults", self.parameters["maxresults"])
        return min(limit, 5000)

    def marker(self):
        marker = self.parameters.get("marker")
        if not marker:
            return None
        try:
            return base64.urlsafe_b64decode(marker).decode()
        except ValueError:
            raise invalid_parameter("marker", marker) from None

    def next_marker(self, name):
        if name is None:
            return "<NextMarker />"
        return element("NextMarker", base64.urlsafe_b64encode(name.encode()).decode())

    def parse_xml(self, text):
        try:
            return xml.fromstring(text)
        except xml.ParseError:
            raise Refusal(400, "InvalidXmlDocument", "XML specified is not syntactically valid.") from None

    def parse_range(self, name, value, size):
        try:
            result = cloud_serving.parse_range(value, size, suffixes=False)
        except ValueError:
            raise Refusal(
                416, "InvalidRange", "The range specified is invalid for the current size of the resource.",
                headers={"Content-Range": f"bytes */{size}"}) from None
        if not result:
            raise invalid_header(name, value)
        return result

    # --- Conditions and properties ------------------------------------------------------------------------------------

    def blob(self):
        blob = self.container.objects.get(self.blob_name)
        if not blob:
            raise no_blob()
        return blob

    def validators(self, properties):
        return {"ETag": properties["etag"], "Last-Modified": http_date(properties["modified"])}

    def metadata(self):
        # Names come back as they were sent, and have to be identifiers of C#.
        result = {
            name[len("x-ms-meta-"):]: self.fields[name.lower()] for name in self.headers
            if name.lower().startswith("x-ms-meta-")}
        for name, value in result.items():
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or not value.isascii():
                raise Refusal(
                    400, "InvalidMetadata",
                    "The metadata specified is invalid. It has characters that are not permitted.", HeaderName=name)
        return result

    def metadata_headers(self, properties):
        return {f"x-ms-meta-{name}": value for name, value in properties["metadata"].items()}

    def tier(self):
        tier = self.fields.get("x-ms-access-tier")
        if tier is not None and tier not in TIERS:
            raise invalid_header("x-ms-access-tier", tier)
        return tier

    def check_conditions(self, blob, writing):
        modified = int(blob.properties["modified"]) if blob else 0
        tag = blob.properties["etag"] if blob else None
        since, until = (self.condition_date(name) for name in ("if-modified-since", "if-unmodified-since"))
        if "if-match" in self.fields and not (blob and self.lists_tag("if-match", tag)) \
                or blob and until is not None and modified > until:
            raise Refusal(412, "ConditionNotMet", NOT_MET)
        if not blob:
            return
        if "if-none-match" in self.fields and self.lists_tag("if-none-match", tag):
            if writing and self.fields["if-none-match"].strip() == "*":
                raise Refusal(409, "BlobAlreadyExists", "The specified blob already exists.")
            if self.fields["if-none-match"].strip() == "*":
                raise Refusal(
                    400, "UnsatisfiableCondition",
                    "The request includes an unsatisfiable condition for this operation.")
            raise Refusal(412 if writing else 304, "ConditionNotMet", NOT_MET)
        if since is not None and modified <= since and "if-none-match" not in self.fields:
            raise Refusal(412 if writing else 304, "ConditionNotMet", NOT_MET)

    def condition_date(self, name):
        value = self.fields.get(name)
        if value is None:
            return None
        try:
            return email.utils.parsedate_to_datetime(value).timestamp()
        except (TypeError, ValueError):
            raise invalid_header(name, value) from None

    def check_overwrite(self, blob):
        """A SAS that may create but not write leaves what is there alone."""
        if blob and self.permissions is not None and "w" not in self.permissions:
            raise self.not_permitted(self.permissions)
