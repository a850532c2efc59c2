"""Azure Blob storage for tests: `azure_blob.py FOLDER ACCOUNT KEY`.

Its answers are those that Microsoft documents for block blobs; every request's signature is checked with
azure-storage-blob's code. Addresses have the account in the path, as Azurite's. Managed identities are imitated too:
the instance metadata service issues tokens under /metadata/identity/oauth2/token.

It prints one line of JSON, `{"endpoint": …, "identity": …}`, and serves until its standard input closes or SIGTERM
comes. FOLDER/server.log has the requests it refused, with the string that they should have signed.
"""

import time
import urllib.parse
import uuid

import azure_signatures
import cloud_objects
import cloud_serving
from azure_blobs import Blobs
from azure_containers import Containers
from azure_requests import invalid_header, invalid_parameter
from azure_uploads import Uploads
from cloud_serving import Refusal

IDENTITY_PATH = "/metadata/identity/oauth2/token"

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


class AzureBlob(Containers, Uploads, Blobs):
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

    # --- Managed identities -------------------------------------------------------------------------------------------

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
