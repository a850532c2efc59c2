"""Tokens as the platform makes them (RFC 7515 §3.1, RFC 7519)."""

import base64
import hashlib
import hmac
import json
import time


def token(secret, algorithm="HS256", **claims):
    """A token that ends in an hour, unless `claims` say otherwise."""
    parts = [{"alg": algorithm, "typ": "JWT"}, {"exp": int(time.time()) + 3600, **claims}]
    text = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{text}.{base64url(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))}"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def altered(text):
    """The same with another last letter that decodes just as well."""
    return text[:-1] + ("A" if text[-1] != "A" else "Q")
