"""Azure Blob storage for tests: `azure_blob.py FOLDER ACCOUNT KEY`.

Its answers are those that Microsoft documents for block blobs; every request's signature is checked with
azure-storage-blob's code. Addresses have the account in the path, as Azurite's. Managed identities are imitated too:
the instance metadata service issues tokens under /metadata/identity/oauth2/token.

It prints one line of JSON, `{"endpoint": …, "identity": …}`, and serves until its standard input closes or SIGTERM
comes. FOLDER/server.log has the requests it refused, with the string that they should have signed.
"""

import base64
import binascii
import email.utils
import hashlib
import os
import re
import shutil
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as xml
from xml.sax.saxutils import escape

from azure.storage.extensions.checksums import crc64

import azure_signatures
import cloud_objects
import cloud_serving
from cloud_serving import Refusal, base64_text, http_date

BLOCK_LIMIT = 50_000
COPY_LIMIT = 256 << 20
RANGE_HASH_LIMIT = 4 << 20
IDENTITY_PATH = "/metadata/identity/oauth2/token"
STORAGE_RESOURCE = "https://storage.azure.com"
TIERS = ("Hot", "Cool", "Cold", "Archive")

# Headers of an upload that are kept, and the header that they come back as.
CONTENT_HEADERS = {
    "x-ms-blob-content-type": "Content-Type", "x-ms-blob-content-encoding": "Content-Encoding",
    "x-ms-blob-content-language": "Content-Language", "x-ms-blob-cache-control": "Cache-Control",
    "x-ms-blob-content-disposition": "Content-Disposition"}

# Operations by method, what the path names, and `comp`; with the permissions of a SAS of which one is needed.
OPERATIONS = {
    ("GET", "account", "list"): ("list_containers", ""),
    ("GET", "account", "properties"): ("get_service_properties", ""),
    ("PUT", "account", "properties"): ("set_service_properties", ""),
    ("POST", "account", "userdelegationkey"): ("get_user_delegation_key", ""),
    ("PUT", "container", None): ("create_container", ""),
    ("GET", "container", None): ("get_container", ""),
    ("HEAD", "container", None): ("get_container", ""),
    ("DELETE", "container", None): ("delete_container", ""),
    ("GET", "container", "list"): ("list_blobs", "l"),
    ("PUT", "blob", None): ("put_blob", "cw"),
    ("PUT", "blob", "block"): ("put_block", "w"),
    ("PUT", "blob", "blocklist"): ("put_block_list", "w"),
    ("GET", "blob", "blocklist"): ("get_block_list", "r"),
    ("PUT", "blob", "properties"): ("set_blob_properties", "w"),
    ("PUT", "blob", "metadata"): ("set_blob_metadata", "w"),
    ("PUT", "blob", "tier"): ("set_blob_tier", "w"),
    ("GET", "blob", None): ("get_blob", "r"),
    ("HEAD", "blob", None): ("get_blob", "r"),
    ("DELETE", "blob", None): ("delete_blob", "d"),
}

NOT_MET = "The condition specified using HTTP conditional header(s) is not met."
SERVICE_PROPERTIES = (
    '<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties>'
    "<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write>"
    "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>"
    "<HourMetrics><Version>1.0</Version><Enabled>false</Enabled>"
    "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>"
    "<MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled>"
    "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics>"
    "<Cors /><DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy>"
    "<StaticWebsite><Enabled>false</Enabled></StaticWebsite></StorageServiceProperties>")


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


class AzureBlob(cloud_serving.Handler):
    banner = "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"

    # --- From the request to the operation ----------------------------------------------------------------------------

    def respond(self):
        if self.raw_path == IDENTITY_PATH:
            return self.issue_token()
        self.request_id = str(uuid.uuid4())
        account, _, rest = self.raw_path.lstrip("/").partition("/")
        container, slash, blob = rest.partition("/")
        if account != self.server.account:
            raise Refusal(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
        self.container_name, self.blob_name = urllib.parse.unquote(container), urllib.parse.unquote(blob)
        restype = self.parameters.get("restype")
        kind = "blob" if slash and blob else "container" if container and restype == "container" else "account"
        permissions = self.authenticate()
        if kind == "account" and container:
            raise Refusal(404, "ResourceNotFound", "The specified resource does not exist.")
        if kind == "account" and restype != "service" and self.parameters.get("comp") != "list":
            raise invalid_parameter("restype", restype)
        operation = OPERATIONS.get((self.command, kind, self.parameters.get("comp")))
        if not operation:
            raise invalid_parameter("comp", self.parameters.get("comp"))
        name, needed = operation
        if self.command == "PUT" and self.body.length is None:
            raise Refusal(
                411, "MissingContentLengthHeader", "The content length was not specified.", HeaderName="Content-Length")
        if permissions is not None and not set(permissions) & set(needed):
            raise self.not_permitted(permissions)
        self.permissions = permissions
        if kind != "account" and name != "create_container":
            self.container = self.server.store.containers.get(self.container_name)
            if not self.container:
                raise Refusal(404, "ContainerNotFound", "The specified container does not exist.")
        if len(self.blob_name) > 1024:
            raise Refusal(400, "OutOfRangeInput", "One of the request inputs is out of range.")
        if "x-ms-structured-body" in self.fields:
            raise invalid_header("x-ms-structured-body", self.fields["x-ms-structured-body"])
        getattr(self, name)()

    def authenticate(self):
        """The permissions of a SAS, or None where the request may do all."""
        authorization = self.fields.get("authorization")
        server = self.server
        if "sig" in self.parameters:
            if authorization:
                raise Refusal(
                    403, "AuthenticationFailed", azure_signatures.UNAUTHENTICATED,
                    AuthenticationErrorDetail="Both an Authorization header and a shared access signature are given.")
            if len(self.parameters) != len(list(filter(None, self.raw_query.split("&")))):
                raise invalid_parameter("", self.raw_query)
            return azure_signatures.check_sas(
                self.parameters, self.fields, server.account, server.key, self.container_name, self.blob_name,
                self.client_address[0], self.scheme)
        if not authorization:
            if self.fields.get("x-ms-version"):
                raise azure_signatures.challenged("NoAuthenticationInformation")
            raise Refusal(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
        scheme, _, credentials = authorization.partition(" ")
        if scheme == "SharedKey":
            azure_signatures.check_shared_key(
                self.fields, server.account, server.key, self.command, self.origin + self.path)
        elif scheme == "Bearer":
            azure_signatures.check_version(self.fields.get("x-ms-version"))
            self.check_token(credentials)
        else:
            raise Refusal(
                400, "InvalidAuthenticationInfo",
                "Authentication information is not given in the correct format. "
                "Check the value of Authorization header.")
        return None

    def check_token(self, token):
        if self.server.tokens.grant(token) != STORAGE_RESOURCE:
            raise azure_signatures.challenged("InvalidAuthenticationInfo")

    def not_permitted(self, permissions):
        return Refusal(
            403, "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
            detail={"permissions": permissions})

    def issue_token(self):
        if self.fields.get("metadata", "").lower() != "true" or "x-forwarded-for" in self.fields:
            return self.refuse_token("invalid_request", "Required metadata header not specified")
        if self.command != "GET":
            return self.refuse_token("invalid_request", "The method is not allowed", 405)
        if self.parameters.get("api-version", "") < "2018-02-01":
            return self.refuse_token("invalid_request", "api-version is missing or not supported")
        resource = self.parameters.get("resource")
        if not resource:
            return self.refuse_token("invalid_request", "Required query variable 'resource' is missing")
        now = int(time.time())
        # All numbers are strings, as in the original.
        self.answer_json(200, {
            "access_token": self.server.tokens.issue("eyJ0eXAiOiJKV1Qi.", resource.rstrip("/")),
            "client_id": self.parameters.get("client_id", "00000000-0000-0000-0000-000000000001"),
            "expires_in": str(self.server.tokens.life), "expires_on": str(now + self.server.tokens.life),
            "ext_expires_in": str(self.server.tokens.life), "not_before": str(now - 300), "resource": resource,
            "token_type": "Bearer"}, {"Server": "IMDS/150.870.65.1854"})

    def refuse_token(self, error, description, status=400):
        self.log_refusal(Refusal(status, error, description))
        self.answer_json(status, {"error": error, "error_description": description})

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

    # --- The account --------------------------------------------------------------------------------------------------

    def list_containers(self):
        prefix, limit = self.parameters.get("prefix", ""), self.limit()
        containers = self.server.store.containers
        names, following = cloud_objects.page(list(containers), prefix, "", self.marker(), limit)
        items = "".join(
            f"<Container>{element('Name', name)}<Properties>"
            + element("Last-Modified", http_date(containers[name].properties["modified"]))
            + element("Etag", containers[name].properties["etag"]) + "</Properties></Container>" for _, name in names)
        self.reply_xml(
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="{self.endpoint()}/">'
            f"<Prefix>{escape(prefix)}</Prefix><MaxResults>{limit}</MaxResults><Containers>{items}</Containers>"
            f"{self.next_marker(following)}</EnumerationResults>")

    def get_service_properties(self):
        path = self.server.folder / "service-properties.xml"
        self.reply_xml(path.read_text() if path.exists() else SERVICE_PROPERTIES)

    def set_service_properties(self):
        text = self.body.all().decode()
        self.parse_xml(text)
        (self.server.folder / "service-properties.xml").write_text(text)
        self.reply(202)

    def get_user_delegation_key(self):
        if not self.fields.get("authorization", "").startswith("Bearer "):
            raise Refusal(403, "AuthenticationFailed", azure_signatures.UNAUTHENTICATED)
        document = self.parse_xml(self.body.all().decode())
        start, expiry = document.findtext("Start") or "", document.findtext("Expiry") or ""
        try:
            life = azure_signatures.sas_time(expiry) - time.time()
            valid = document.tag == "KeyInfo" and 0 < life <= 7 * 86_400 and azure_signatures.sas_time(start) < time.time() + life
        except Refusal:
            valid = False
        if not valid:
            raise Refusal(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format.")
        values = [
            "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b", start, expiry, "b",
            self.fields["x-ms-version"]]
        names = ("SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion")
        self.reply_xml(
            '<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>'
            + "".join(element(name, value) for name, value in zip(names, values))
            + element("Value", azure_signatures.delegation_value(self.server.key, values)) + "</UserDelegationKey>")

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

    # --- Containers ---------------------------------------------------------------------------------------------------

    def create_container(self):
        if not re.fullmatch(r"[a-z0-9](?:-?[a-z0-9]){2,62}|\$root|\$web|\$logs", self.container_name) \
                or len(self.container_name) > 63:
            raise Refusal(
                400, "InvalidResourceName", "The specified resource name contains invalid characters.")
        properties = {"etag": new_tag(), "modified": time.time(), "metadata": self.metadata()}
        if not self.server.store.create(self.container_name, properties):
            raise Refusal(409, "ContainerAlreadyExists", "The specified container already exists.")
        self.reply(201, self.validators(properties))

    def get_container(self):
        properties = self.container.properties
        self.reply(200, self.validators(properties) | self.metadata_headers(properties) | {
            "x-ms-lease-status": "unlocked", "x-ms-lease-state": "available", "x-ms-has-immutability-policy": "false",
            "x-ms-has-legal-hold": "false"})

    def delete_container(self):
        self.server.store.remove(self.container)
        self.reply(202)

    def list_blobs(self):
        prefix, delimiter = self.parameters.get("prefix", ""), self.parameters.get("delimiter", "")
        include, limit = self.parameters.get("include", "").split(","), self.limit()
        blobs = dict(self.container.objects)
        if "uncommittedblobs" in include:
            blobs |= {name: None for name in self.uncommitted_blobs() if name not in blobs}
        entries, following = cloud_objects.page(list(blobs), prefix, delimiter, self.marker(), limit)
        items = "".join(
            f"<BlobPrefix>{name_element(name)}</BlobPrefix>" if is_prefix
            else self.list_item(name, blobs[name], include) for is_prefix, name in entries)
        words = "".join(
            element(word, self.parameters.get(word.lower()))
            for word in ("Prefix", "Marker", "MaxResults", "Delimiter"))
        self.reply_xml(
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="{self.endpoint()}/" '
            f'ContainerName="{self.container.name}">{words}<Blobs>{items}</Blobs>{self.next_marker(following)}'
            "</EnumerationResults>")

    def list_item(self, name, blob, include):
        if not blob:
            return (
                f"<Blob>{name_element(name)}<Properties><Content-Length>0</Content-Length>"
                "<BlobType>BlockBlob</BlobType></Properties></Blob>")
        properties = blob.properties
        content = properties["content"]
        metadata = "".join(element(key, value) for key, value in properties["metadata"].items())
        return (
            f"<Blob>{name_element(name)}<Properties>"
            + element("Creation-Time", http_date(properties["created"]))
            + element("Last-Modified", http_date(properties["modified"]))
            + element("Etag", properties["etag"].strip('"')) + element("Content-Length", blob.size)
            + element("Content-Type", content.get("Content-Type"))
            + element("Content-Encoding", content.get("Content-Encoding", ""))
            + element("Content-Language", content.get("Content-Language", ""))
            + element("Content-MD5", properties["md5"] or "")
            + element("Cache-Control", content.get("Cache-Control", ""))
            + element("Content-Disposition", content.get("Content-Disposition", ""))
            + element("BlobType", "BlockBlob") + element("AccessTier", properties["tier"] or "Hot")
            + (element("AccessTierInferred", "true") if not properties["tier"] else "")
            + element("LeaseStatus", "unlocked") + element("LeaseState", "available")
            + element("ServerEncrypted", "true") + "</Properties>"
            + (f"<Metadata>{metadata}</Metadata>" if "metadata" in include else "") + "</Blob>")

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

    # --- Receiving ----------------------------------------------------------------------------------------------------

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

    def block_folder(self):
        return self.container.folder / "blocks" / cloud_serving.short_hash(self.blob_name)

    def uncommitted_blobs(self):
        return [path.read_text() for path in (self.container.folder / "blocks").glob("*/name")]

    def uncommitted_blocks(self):
        """Files by block id."""
        return {path.name.encode(): path for path in self.block_folder().glob("[!n]*")}

    def discard_blocks(self):
        shutil.rmtree(self.block_folder(), ignore_errors=True)

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

    # --- Copies -------------------------------------------------------------------------------------------------------

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

    # --- Reading ------------------------------------------------------------------------------------------------------

    def blob_headers(self, blob):
        properties = blob.properties
        return self.validators(properties) | self.metadata_headers(properties) | properties.get("copy", {}) \
            | properties["content"] | {
                "Accept-Ranges": "bytes", "x-ms-blob-type": "BlockBlob", "x-ms-lease-status": "unlocked",
                "x-ms-lease-state": "available", "x-ms-server-encrypted": "true",
                "x-ms-creation-time": http_date(properties["created"])}

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


def main():
    words = cloud_serving.arguments(__doc__.splitlines()[0], "account", "key")
    server = cloud_serving.Server(words.folder, words.port, AzureBlob)
    server.account, server.key = words.account, words.key
    server.store = cloud_objects.ObjectStore(words.folder)
    server.tokens = cloud_serving.Tokens(words.token_life)
    origin = f"http://127.0.0.1:{server.port}"
    server.run({"endpoint": f"{origin}/{words.account}", "identity": origin + IDENTITY_PATH})


if __name__ == "__main__":
    main()
