"""The account of Azure's storage, its containers, and what is in them."""

import re
import time
from xml.sax.saxutils import escape

import azure_signatures
import cloud_objects
from azure_requests import AzureRequest, element, name_element, new_tag
from cloud_serving import Refusal, http_date

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


class Containers(AzureRequest):
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
