"""Whether a request to Azure Blob storage is signed rightly: computed by azure-storage-blob's own code."""

import base64
import contextlib
import datetime
import email.utils
import hashlib
import hmac
import ipaddress
import re
import time
import urllib.parse
from unittest import mock

from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob import UserDelegationKey, _shared_access_signature
from azure.storage.blob._serialize import _SUPPORTED_API_VERSIONS
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy
from azure.storage.blob._shared_access_signature import BlobSharedAccessSignature

from cloud_serving import Refusal

OLDEST_VERSION = "2019-12-12"
# From this version on the string-to-sign of a SAS has the encryption scope's line, and the library knows no other form.
OLDEST_SAS_VERSION = "2020-12-06"
VERSIONS = [version for version in _SUPPORTED_API_VERSIONS if version >= OLDEST_VERSION]
CLOCK_SKEW = 15 * 60

UNAUTHENTICATED = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
    "including the signature.")
CHALLENGED = (
    "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.")
CHALLENGE = {
    "WWW-Authenticate":
        "Bearer authorization_uri=https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/oauth2/"
        "authorize resource_id=https://storage.azure.com"}

# A SAS has its permissions in this order, or is refused.
PERMISSION_ORDER = "racwdxyltfmeopi"

SAS_OVERRIDES = {
    "rscc": "Cache-Control", "rscd": "Content-Disposition", "rsce": "Content-Encoding", "rscl": "Content-Language",
    "rsct": "Content-Type"}


class Policy(SharedKeyCredentialPolicy):
    """Azure's policy, which also tells what it signed."""

    def _add_authorization_header(self, request, string_to_sign):
        self.string_to_sign = string_to_sign
        super()._add_authorization_header(request, string_to_sign)


def shared_key_authorization(account, key, method, url, headers):
    """(Authorization, string-to-sign) of a request."""
    headers = {name.lower(): value for name, value in headers.items() if name.lower() != "authorization"}
    if "x-ms-date" in headers:
        headers.pop("date", None)
    # The service signs Range's value. The library never sends that header, and has its place under this name.
    if "range" in headers:
        headers["byte_range"] = headers["range"]
    policy = Policy(account, key)
    request = HttpRequest(method, url, headers=headers)
    policy.on_request(PipelineRequest(request, PipelineContext(None)))
    return request.headers["Authorization"], policy.string_to_sign


def failed(detail, string_to_sign=None):
    return Refusal(
        403, "AuthenticationFailed", UNAUTHENTICATED, AuthenticationErrorDetail=detail,
        detail={"stringToSign": string_to_sign})


def challenged(code):
    return Refusal(401, code, CHALLENGED, headers=CHALLENGE)


def check_version(version):
    if version is None:
        raise Refusal(
            400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified.",
            HeaderName="x-ms-version")
    if version not in VERSIONS:
        raise Refusal(
            400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.",
            HeaderName="x-ms-version", HeaderValue=version)


def check_shared_key(fields, account, key, method, url):
    check_version(fields.get("x-ms-version"))
    date = fields.get("x-ms-date") or fields.get("date")
    try:
        seconds = email.utils.parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        raise failed(f"The Date header in the request is incorrect: {date}") from None
    if abs(time.time() - seconds) > CLOCK_SKEW:
        raise failed(f"Request date header too old: '{date}'")
    expected, string_to_sign = shared_key_authorization(account, key, method, url, fields)
    if not hmac.compare_digest(expected.encode(), fields["authorization"].encode()):
        raise failed(
            f"The MAC signature found in the HTTP request '{fields['authorization'].rpartition(':')[2]}' is not the "
            f"same as any computed signature. Server used following string to sign: '{string_to_sign}'.",
            string_to_sign)


def sas_time(value):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.\d{1,7})?)?Z)?", value)
    if not match:
        raise failed(f"{value} is no time of a shared access signature")
    date, minutes, seconds = match.groups()
    return datetime.datetime.fromisoformat(f"{date}T{minutes or '00:00'}:{seconds or '00'}+00:00").timestamp()


def allows_address(ranges, address):
    first, _, last = ranges.partition("-")
    first, last, address = (ipaddress.ip_address(word) for word in (first, last or first, address))
    return first <= address <= last


# A user delegation SAS of a version before these signs without their lines, of which the library has the newest form alone: skdutid and
# sduoid of 2025-07-05, and the signed header and query fields.
DELEGATED_USER_LINES, SIGNED_FIELD_LINES = slice(13, 15), slice(21, 23)


def older_delegation(string_to_sign):
    lines = string_to_sign.split("\n")
    del lines[SIGNED_FIELD_LINES], lines[DELEGATED_USER_LINES]
    return "\n".join(lines)


@contextlib.contextmanager
def delegation_layout(strings):
    """Within it the library signs user delegation SAS as versions before 2025-07-05 do; what it signs is put into `strings`."""
    sign = _shared_access_signature.sign_string

    def sign_older(key, string_to_sign, *rest):
        strings.append(older_delegation(string_to_sign))
        return sign(key, strings[-1], *rest)

    with mock.patch.object(_shared_access_signature, "sign_string", sign_older):
        yield


def delegation_key(values, value):
    key = UserDelegationKey()
    key.signed_oid, key.signed_tid, key.signed_start, key.signed_expiry, key.signed_service, key.signed_version = values
    key.value = value
    return key


def delegation_value(account_key, values):
    """The key of the one whom the values name, which needs to be kept nowhere."""
    text = "\n".join(values).encode()
    return base64.b64encode(hmac.new(base64.b64decode(account_key), text, hashlib.sha256).digest()).decode()


def check_delegation(parameters, key):
    """The key that a user delegation SAS is signed with."""
    values = [parameters.get(name, "") for name in ("skoid", "sktid", "skt", "ske", "sks", "skv")]
    if not all(values) or values[4] != "b" or parameters["sv"] >= "2025-07-05":
        raise failed(f"skoid, sktid, skt, ske, sks=b and skv are mandatory, and sv before 2025-07-05: {values}")
    if not sas_time(values[2]) <= time.time() < sas_time(values[3]) or sas_time(parameters["se"]) > sas_time(values[3]):
        raise failed(f"The key is valid from {values[2]} to {values[3]}")
    return delegation_key(values, delegation_value(key, values))


def check_sas(parameters, fields, account, key, container, blob, address, scheme):
    """The permissions that a service SAS, or one by delegation, gives on this container or blob."""
    signature, version = parameters["sig"], parameters.get("sv", "")
    if fields.get("x-ms-version"):
        check_version(fields["x-ms-version"])
    if version not in VERSIONS or version < OLDEST_SAS_VERSION:
        raise failed(f"sv={version} is mandatory and has to be one of {OLDEST_SAS_VERSION} to {VERSIONS[-1]}")
    resource = parameters.get("sr")
    if resource not in ("b", "c") or resource == "b" and not blob or not container:
        raise failed(f"sr={resource} is mandatory, has to be b or c, and to fit the request")
    for name in ("sp", "se"):
        if name not in parameters:
            raise failed(f"{name} is mandatory. Cannot be empty")
    positions = [PERMISSION_ORDER.find(letter) for letter in parameters["sp"]]
    if -1 in positions or positions != sorted(set(positions)):
        raise failed(f"sp={parameters['sp']} is not of the letters {PERMISSION_ORDER} in this order")

    strings = []
    delegated = check_delegation(parameters, key) if "skoid" in parameters else None
    signer = BlobSharedAccessSignature(account, None if delegated else key, delegated)
    signer.x_ms_version = version
    values = {
        "permission": parameters["sp"], "start": parameters.get("st"), "expiry": parameters["se"],
        "ip": parameters.get("sip"), "protocol": parameters.get("spr"), "policy_id": parameters.get("si"),
        "cache_control": parameters.get("rscc"), "content_disposition": parameters.get("rscd"),
        "content_encoding": parameters.get("rsce"), "content_language": parameters.get("rscl"),
        "content_type": parameters.get("rsct"), "encryption_scope": parameters.get("ses"), "sts_hook": strings.append}
    with delegation_layout(strings) if delegated else contextlib.nullcontext():
        query = signer.generate_blob(container, blob, **values) if resource == "b" \
            else signer.generate_container(container, **values)
    expected = urllib.parse.unquote(re.search(r"(?:^|&)sig=([^&]*)", query)[1])
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise failed(f"Signature did not match. String to sign used was {strings[0]}", strings[0])

    now = time.time()
    start, expiry = sas_time(parameters["st"]) if "st" in parameters else 0, sas_time(parameters["se"])
    if not start <= now < expiry:
        raise failed(
            f"Signature not valid in the specified time frame: Start [{parameters.get('st', '')}] - "
            f"Expiry [{parameters['se']}] - Current [{email.utils.formatdate(now, usegmt=True)}]")
    if "sip" in parameters and not allows_address(parameters["sip"], address):
        raise Refusal(
            403, "AuthorizationSourceIPMismatch",
            f"This request is not authorized to perform this operation using this source IP {address}.")
    if scheme not in parameters.get("spr", "https,http").split(","):
        raise Refusal(
            403, "AuthorizationProtocolMismatch",
            "This request is not authorized to perform this operation using this protocol.")
    return parameters["sp"]
