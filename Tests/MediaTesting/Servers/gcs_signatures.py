"""Whether a request to Google Cloud Storage is signed rightly: computed by Google's own libraries."""

import calendar
import hashlib
import json
import os
import re
import time
import urllib.parse

import google.auth.credentials
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth import exceptions, jwt
from google.cloud.storage import _signing
from google.cloud.storage.blob import _quote

from cloud_serving import Refusal

PROJECT = "test-project"
EMAIL = f"media@{PROJECT}.iam.gserviceaccount.com"
LONGEST_EXPIRY = 7 * 24 * 3600
CLOCK_SKEW = 15 * 60
ASSERTION_LIFE = 3600
SCOPES = "https://www.googleapis.com/auth/"
READING = {SCOPES + name for name in (
    "devstorage.read_only", "devstorage.read_write", "devstorage.full_control", "cloud-platform",
    "cloud-platform.read-only")}
WRITING = {SCOPES + name for name in ("devstorage.read_write", "devstorage.full_control", "cloud-platform")}


class ServiceAccount:
    """A service account with a key of its own, which a server that comes back still has in its folder."""

    def __init__(self, path):
        self.path = path
        if path.exists():
            self.key = serialization.load_pem_private_key(json.loads(path.read_bytes())["private_key"].encode(), None)
        else:
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.public_pem = public.decode()
        self.key_id = hashlib.sha1(public).hexdigest()

    def write(self, origin):
        """Writes the key file, as the Google Cloud console makes it."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        description = {
            "type": "service_account", "project_id": PROJECT, "private_key_id": self.key_id,
            "private_key": private.decode(), "client_email": EMAIL, "client_id": "100000000000000000001",
            "auth_uri": f"{origin}/auth", "token_uri": f"{origin}/token", "universe_domain": "googleapis.com"}
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(description, file, indent=2)

    def sign(self, data):
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def signed(self, signature, data):
        try:
            self.key.public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def check_assertion(self, assertion, audiences):
        """The scopes that a JWT assertion asks for; ValueError says what is wrong with it."""
        try:
            header = jwt.decode_header(assertion)
            if header.get("alg") != "RS256":
                raise ValueError("Invalid JWT Signature: alg has to be RS256.")
            if header.get("kid") not in (None, self.key_id):
                raise ValueError("Invalid JWT Signature: unknown kid.")
            claims = jwt.decode(assertion, self.public_pem, audience=audiences, clock_skew_in_seconds=10)
        except exceptions.GoogleAuthError as error:
            raise ValueError(f"Invalid JWT: {error}") from None
        if claims.get("iss") != EMAIL:
            raise ValueError("Invalid grant: account not found")
        if not 0 < claims["exp"] - claims["iat"] <= ASSERTION_LIFE:
            raise ValueError(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your "
                "iat and exp values in the JWT claim.")
        scopes = set(claims.get("scope", "").split())
        if not scopes & READING:
            raise LookupError("Invalid OAuth scope or ID token audience provided.")
        return scopes


class Recorder(google.auth.credentials.Signing):
    """Credentials that keep what they should sign."""

    signer = None

    def __init__(self, email):
        self.email = email

    @property
    def signer_email(self):
        return self.email

    def sign_bytes(self, message):
        self.message = message
        return b""


def malformed(name, details):
    return Refusal(
        400, "MalformedSecurityHeader", "Your request has a malformed header.", ParameterName=name, Details=details)


def check_signed_url(account, method, raw_path, parameters, fields):
    """Raises a refusal unless the V4 signature in the query is valid now for this request."""
    parameters = dict(parameters)
    signature = parameters.pop("X-Goog-Signature")
    known = {}
    for name in ("X-Goog-Algorithm", "X-Goog-Credential", "X-Goog-Date", "X-Goog-Expires", "X-Goog-SignedHeaders"):
        if name not in parameters:
            raise malformed(name.lower(), "The parameter is missing.")
        known[name] = parameters.pop(name)
    if known["X-Goog-Algorithm"] != "GOOG4-RSA-SHA256":
        raise malformed("x-goog-algorithm", "The algorithm is not supported.")
    date = known["X-Goog-Date"]
    try:
        issued = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise malformed("x-goog-date", "The date is not of the form YYYYMMDD'T'HHMMSS'Z'.") from None
    expires = int(known["X-Goog-Expires"]) if re.fullmatch(r"\d{1,9}", known["X-Goog-Expires"]) else -1
    if not 0 < expires <= LONGEST_EXPIRY:
        raise malformed("x-goog-expires", "X-Goog-Expires must be a number of seconds, less than a week.")
    email, _, scope = known["X-Goog-Credential"].partition("/")
    if scope != f"{date[:8]}/auto/storage/goog4_request":
        raise malformed("x-goog-credential", "The credential's scope is not valid.")

    signed = known["X-Goog-SignedHeaders"].split(";")
    if "host" not in signed:
        raise malformed("x-goog-signedheaders", "The host header has to be signed.")
    if missing := [name for name in signed if name not in fields]:
        raise malformed(missing[0], "Header was included in signedheaders, but not in the request.")
    if unsigned := [name for name in fields if re.match("x-(goog|amz)-", name) and name not in signed]:
        raise malformed(unsigned[0], "Header was included in the request, but not in signedheaders.")

    headers = {name: fields[name] for name in signed}
    resource = _quote(urllib.parse.unquote(raw_path), safe=b"/~")
    recorder = Recorder(email)
    _signing.generate_signed_url_v4(
        recorder, resource, expires, api_access_endpoint=f"http://{fields['host']}", method=method,
        headers=dict(headers), query_parameters=dict(parameters), _request_timestamp=date)
    try:
        signature = bytes.fromhex(signature)
    except ValueError:
        raise malformed("x-goog-signature", "Signature was not hex encoded.") from None
    if email != EMAIL or not account.signed(signature, recorder.message):
        raise Refusal(
            403, "SignatureDoesNotMatch",
            "Access denied.", Details="The request signature we calculated does not match the signature you provided. "
            "Check your Google secret key and signing method.", StringToSign=recorder.message.decode(),
            CanonicalRequest=canonical_request(method, resource, headers, parameters | known))
    now = time.time()
    if now < issued - CLOCK_SKEW:
        raise Refusal(403, "AccessDenied", "Access denied.", Details="The request is not yet valid.")
    if now > issued + expires:
        expired = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(issued + expires))
        raise Refusal(
            400, "ExpiredToken", "Invalid argument.",
            Details=f"The provided token has expired. Request signature expired at: {expired}")


def canonical_request(method, resource, headers, parameters):
    """For the message only: the library keeps its own to itself."""
    lines, ordered = _signing.get_canonical_headers(headers)
    return "\n".join([
        method, resource, _signing._url_encode(parameters), *lines, "", ";".join(name for name, _ in ordered),
        headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD")])
