"""Google's tokens: for assertions of a service account, from the metadata server; and what IAM signs for those who have one."""

import base64
import urllib.parse

import gcs_signatures
from cloud_serving import Refusal, base64_text
from gcs_requests import CloudStorageRequest

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
METADATA = "/computeMetadata/v1/instance/service-accounts/default"
TOKEN_SCOPE = gcs_signatures.SCOPES + "cloud-platform"


class Tokens(CloudStorageRequest):
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
