"""Google Cloud Storage for tests: `gcs.py FOLDER`.

The JSON API with bearer tokens, which it issues for assertions of a service account or as the metadata server does;
the XML API with bearer tokens or V4 signed URLs, checked with google-cloud-storage's code. Answers are those that
Google documents.

It writes the service account's key to FOLDER/service-account.json, prints one line of JSON,
`{"endpoint": …, "credentials": …, "metadata": …}`, and serves until its standard input closes or SIGTERM comes.
FOLDER/server.log has the requests it refused, with the string that they should have signed.
"""

import re
import threading
import time
import urllib.parse

import cloud_objects
import cloud_serving
import gcs_signatures
from cloud_serving import Refusal
from gcs_objects import Objects
from gcs_tokens import Tokens
from gcs_uploads import Uploads
from gcs_xml import XML

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


class CloudStorage(Tokens, Objects, Uploads, XML):
    banner = "UploadServer"

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
