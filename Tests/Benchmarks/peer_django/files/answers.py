"""The file, which nginx sends; and refusals as problem details (RFC 9457)."""

import json
import re
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse
from django_sendfile import sendfile

# By name: the extension, and whether a browser may show it. Written when the benchmark starts, from the service's own table.
with open(settings.PEER_TYPES) as file:
    TYPES = json.load(file)


class Refusal(Exception):
    def __init__(self, status, code, title, detail, **fields):
        self.status, self.code, self.title, self.detail, self.fields = status, code, title, detail, fields

    def response(self, request):
        content = {
            "type": f"{settings.PEER_BASE_URL}/docs/errors#{self.code}", "title": self.title, "status": self.status,
            "code": self.code, "detail": self.detail, "requestId": request.headers["X-Request-Id"]}
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        fields = {name.replace("_", "-"): value for name, value in self.fields.items()}
        return HttpResponse(
            b"" if request.method == "HEAD" else body, status=self.status, content_type="application/problem+json",
            headers={**fields, "Cache-Control": "no-store", "Vary": "Accept", "Content-Length": len(body)})


def unauthenticated(detail):
    return Refusal(401, "unauthenticated", "Not authenticated", detail, WWW_Authenticate='Bearer realm="media"')


def deliver(request, media):
    name = media.sha256.hex()
    kind, is_text = TYPES.get(media.mime_type), media.mime_type.startswith("text/")
    mime_type = (media.mime_type if kind else "application/octet-stream") + ("; charset=utf-8" if is_text else "")
    response = sendfile(
        request, f"{name[:2]}/{name[2:4]}/{name}", attachment_filename=False, mimetype=mime_type, content_length=0)
    # django-sendfile2 takes umlauts apart in the name for old clients; the service has a mark in their place.
    response["Content-Disposition"] = f"{'inline' if kind and kind[1] else 'attachment'}; {file_name(media.original_name)}"
    response["Cache-Control"] = f"{'public' if media.is_public else 'private'}, no-cache"
    return response


def file_name(name):
    """RFC 6266 §4.3, RFC 8187 §3.2.1."""
    ascii_name = re.sub(r"[^ !#$&-\[\]-~]", "_", name)
    if ascii_name == name:
        return f'filename="{name}"'
    encoded = quote(name, safe="!#$&+^`|")
    return f"filename=\"{ascii_name}\"; filename*=UTF-8''{encoded}"
