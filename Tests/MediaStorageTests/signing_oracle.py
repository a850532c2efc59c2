"""What the cloud providers' own libraries sign: reads cases from standard input, a line of JSON each; answers alike.

The case's `kind` names the signature; its other members are the arguments of the function of that name below. Nothing
depends on the clock or on the network. A case that a library refuses is answered with `{"error": …}`.
"""

import contextlib
import datetime
import json
import pathlib
import sys
from unittest import mock

import azure.storage.blob
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import google.auth.crypt
import google.cloud.storage
import google.cloud.storage._signing
import google.oauth2.service_account

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "MediaTesting/Servers"))
import azure_signatures


def moment(text):
    return datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def recording(signer):
    """The signer's class, whose instances also tell what they signed."""
    class Recording(signer):
        def string_to_sign(self, request, canonical_request):
            self.canonical = canonical_request
            self.signed = super().string_to_sign(request, canonical_request)
            return self.signed

    return Recording


class S3SigV4Auth(recording(botocore.auth.S3SigV4Auth)):
    payload_hash = None

    def payload(self, request):
        return self.payload_hash or super().payload(request)


def sign_s3(case, signer):
    request = botocore.awsrequest.AWSRequest(case["method"], case["url"], dict(case.get("headers") or {}))
    now = moment(case["time"]).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
        signer.add_auth(request)
    return request, {"canonicalRequest": signer.canonical, "stringToSign": signer.signed}


def s3_arguments(case):
    credentials = botocore.credentials.Credentials(case["accessKey"], case["secretKey"], case.get("sessionToken"))
    return credentials, case.get("service", "s3"), case["region"]


def sigv4(case):
    """method, url, headers, payloadHash, accessKey, secretKey, sessionToken, region, service, time"""
    signer = S3SigV4Auth(*s3_arguments(case))
    signer.payload_hash = case.get("payloadHash")
    request, details = sign_s3(case, signer)
    given = {name.lower() for name in case.get("headers") or {}}
    added = {name: value for name, value in request.headers.items() if name.lower() not in given}
    return {"authorization": request.headers["Authorization"], "headers": added} | details


def sigv4_query(case):
    """As sigv4, without payloadHash, and with expires (seconds)"""
    signer = recording(botocore.auth.S3SigV4QueryAuth)(*s3_arguments(case), expires=case["expires"])
    request, details = sign_s3(case, signer)
    return {"url": request.url} | details


def gcs_v4(case):
    """method, bucket, name, time, expires (seconds), headers, query, clientEmail, privateKey, endpoint"""
    signer = google.auth.crypt.RSASigner.from_string(case["privateKey"])
    signed = []

    class Credentials(google.oauth2.service_account.Credentials):
        def sign_bytes(self, message):
            signed.append(message.decode())
            return super().sign_bytes(message)

    credentials = Credentials(signer, case["clientEmail"], "https://oauth2.googleapis.com/token")
    blob = google.cloud.storage.Client("project", credentials).bucket(case["bucket"]).blob(case["name"])

    def now(*_):
        return moment(case["time"])

    with mock.patch("google.cloud.storage._signing._NOW", now):
        url = blob.generate_signed_url(
            version="v4", method=case["method"], expiration=case["expires"],
            api_access_endpoint=case.get("endpoint") or "https://storage.googleapis.com",
            headers=dict(case.get("headers") or {}), query_parameters=dict(case.get("query") or {}))
    return {"url": url, "stringToSign": signed[0]}


def azure_shared_key(case):
    """method, url, headers (of them x-ms-date and x-ms-version), account, key"""
    authorization, string_to_sign = azure_signatures.shared_key_authorization(
        case["account"], case["key"], case["method"], case["url"], case.get("headers") or {})
    return {"authorization": authorization, "stringToSign": string_to_sign}


def azure_sas(case):
    """account, key, container, blob (null: the container), permission, start, expiry, ip, protocol, contentDisposition,
    contentType, cacheControl, contentEncoding, contentLanguage, version (null: the library's newest), delegation (null, or
    the six values of a user delegation key in the order of the query's)"""
    strings = []
    delegation = case.get("delegation")
    options = {
        "account_key": None if delegation else case["key"],
        "user_delegation_key": azure_signatures.delegation_key(delegation, case["key"]) if delegation else None, "permission": case["permission"], "start": case.get("start"),
        "expiry": case["expiry"], "ip": case.get("ip"), "protocol": case.get("protocol"),
        "content_disposition": case.get("contentDisposition"), "content_type": case.get("contentType"),
        "cache_control": case.get("cacheControl"), "content_encoding": case.get("contentEncoding"),
        "content_language": case.get("contentLanguage"), "sts_hook": strings.append}
    module = azure.storage.blob._shared_access_signature
    version = case.get("version") or module.X_MS_VERSION
    layout = azure_signatures.delegation_layout(strings) if delegation else contextlib.nullcontext()
    with layout, mock.patch.object(module, "X_MS_VERSION", version):
        if case.get("blob") is None:
            query = azure.storage.blob.generate_container_sas(case["account"], case["container"], **options)
        else:
            query = azure.storage.blob.generate_blob_sas(case["account"], case["container"], case["blob"], **options)
    return {"query": query, "version": version, "stringToSign": strings[0]}


KINDS = {
    "sigv4": sigv4, "sigv4-query": sigv4_query, "gcs-v4": gcs_v4, "azure-shared-key": azure_shared_key,
    "azure-sas": azure_sas}


def main():
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            answer = KINDS[case["kind"]](case)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
