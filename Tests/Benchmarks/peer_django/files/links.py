"""Signed links: see ../../peer/links.c."""

import base64
import hashlib
import hmac
import re
import time
from urllib.parse import unquote_plus

from django.conf import settings

FORMS = {
    "e": re.compile(r"[1-9][0-9]{0,17}"), "k": re.compile(r"[0-9a-z]{8}"), "l": re.compile(r"[0-9a-v]{20}"),
    # The one way to write 32 bytes.
    "s": re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"),
}
HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
FINGERPRINT = hashlib.sha256(f"media-link-secret\n{settings.PEER_LINK_SECRET}".encode()).digest()[:8]


def read_link(query):
    """What a query says as a link, by the names of its parts; None where it is none."""
    values = {}
    if HALF_ENCODED.search(query):
        return None
    for part in filter(None, query.split("&")):
        name, _, value = (unquote_plus(text) for text in part.partition("="))
        if name not in FORMS or name in values or not FORMS[name].fullmatch(value):
            return None
        values[name] = value
    return values if len(values) == len(FORMS) else None


def link_state(link, row, request_id):
    """What a link is worth whose row has been found: valid, expired, revoked, used_up; None where it is none."""
    key = digest(settings.PEER_LINK_SECRET.encode(), f"media-link-key\n{link['k']}")
    text = f"media-link-1\n{row.media.id}\n{link['e']}\n{link['k']}\n{link['l']}\n{row.epoch}\n\n\n"
    signature = base64.urlsafe_b64decode(link["s"] + "=")
    if row.key.secret_fingerprint != FINGERPRINT or not hmac.compare_digest(digest(key, text), signature):
        return None
    if row.media.link_epoch != row.epoch or row.revoked_at or row.key.revoked_at:
        return "revoked"
    if int(link["e"]) <= time.time():
        return "expired"
    is_used_up = row.max_uses is not None and row.uses >= row.max_uses and row.last_request != request_id
    return "used_up" if is_used_up else "valid"


def digest(key, text):
    return hmac.digest(key, text.encode(), hashlib.sha256)
