"""GET /m/{id}: a file for whoever may have it."""

import hashlib
import hmac
import re

from django.utils import timezone

from .answers import Refusal, deliver, unauthenticated
from .links import link_state, read_link
from .models import APIKey, Media, SignedLink

ID = re.compile(r"c[0-9a-z]{24}")
KEY = re.compile(r" *mk_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})")
LINK_REFUSALS = {
    "expired": Refusal(403, "link_expired", "Link expired", "This link has expired."),
    "revoked": Refusal(403, "link_revoked", "Link revoked", "This link has been revoked."),
    "used_up": Refusal(403, "link_used_up", "Link used up", "This link has been used as often as it may be."),
}


def nothing(request):
    return Refusal(404, "not_found", "Not found", "There is nothing at this path.").response(request)


def download(request, id):
    try:
        if request.method not in ("GET", "HEAD"):
            raise Refusal(
                405, "method_not_allowed", "Method not allowed", "method: isn't possible here", Allow="GET, HEAD")
        scopes = authenticate(request.headers.get("Authorization"))
        media, link = find_file(request, id)
        check(id, scopes, media, link)
        return deliver(request, media)
    except Refusal as refusal:
        return refusal.response(request)


def authenticate(header):
    """The scopes of the service that calls; None where the request names nobody."""
    if not header:
        return None
    if header[:7].lower() != "bearer ":
        raise unauthenticated("Authorization has to be 'Bearer' and an API key or a token.")
    parts = KEY.fullmatch(header[7:])
    key = parts and APIKey.objects.filter(id=parts[1], revoked_at=None).first()
    if (
        not key or not hmac.compare_digest(hashlib.sha256(parts[2].encode()).digest(), key.secret_sha256)
        or key.expires_at and key.expires_at <= timezone.now()
    ):
        raise unauthenticated("The API key is unknown, expired or revoked.")
    return key.scopes.split(" ")


def find_file(request, id):
    """The file, if there is one, and what the link in the query is worth."""
    if not ID.fullmatch(id):
        return None, None
    if link := read_link(request.META["QUERY_STRING"]):
        rows = SignedLink.objects.select_related("media", "key").filter(id=link["l"], media_id=id, key_id=link["k"])
        if row := rows.first():
            return row.media, link_state(link, row, request.headers["X-Request-Id"])
    return Media.objects.filter(id=id).first(), None


def check(id, scopes, media, link):
    """Raises a refusal where the caller may not have the file."""
    status = media and media.status
    may = scopes is not None and "media:read" in scopes
    if status == "READY" and (media.is_public or may or link == "valid"):
        return
    if status == "READY" and link:
        raise LINK_REFUSALS[link]
    if scopes is not None and not may:
        raise Refusal(403, "forbidden", "Not allowed", "The API key lacks the scope 'media:read'.")
    if may and status == "PROCESSING":
        raise Refusal(409, "not_ready", "Not ready", "The file is still being processed.", Retry_After="5")
    if may and status == "FAILED":
        raise Refusal(409, "not_ready", "Not ready", "The file could not be processed.")
    raise Refusal(404, "not_found", "Not found", f"Media with ID {id[:100]} not found")
