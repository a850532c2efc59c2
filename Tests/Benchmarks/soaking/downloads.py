"""Files and what is made of them, for everybody who may have them and some who may not."""

import hashlib
import time

from credentials import token
from soaking.contents import PHOTOS, shown
from soaking.model import LIVE
from soaking.service import REUSED

# What is made of each photo, and the one that is made when it is asked for.
MADE, LATE = ("thumb", "small"), "late"
MAGIC = {"jpg": b"\xff\xd8\xff", "webp": b"RIFF", "png": b"\x89PNG"}
# Within these seconds a photo has been processed, whatever happens, and what a change of unknown outcome left behind is settled.
PROCESSED, SETTLED = 180, 30


def file(client):
    """A file by its permalink, whole or not, as somebody."""
    record = client.source.choice(client.records) if client.records else None
    if not record:
        return
    who = client.source.choice(["service", "owner", "cookie", "nobody", "stranger"])
    credentials = {
        "service": client.key, "owner": client.own, "cookie": {"Cookie": f"media_token={client.own['Authorization'][7:]}"},
        "nobody": {}, "stranger": {"Authorization": f"Bearer {token(client.instance.token_secret, sub='nobody-here')}"}}[who]
    way = client.source.choice(["whole", "whole", "range", "unchanged", "head"])
    fields, method = {}, "HEAD" if way == "head" else "GET"
    content = client.model.contents[record.state.sha256] if record.state else None
    if way == "range" and content:
        fields["Range"] = wanted_range(client, content)
    elif way == "unchanged" and content and content.etag:
        fields["If-None-Match"] = content.etag
    answer = client.ask(f"file, {who}", method, f"/m/{record.id}", None, fields, (200, 206, 304, 404, 409, 416), credentials)
    if answer:
        check(client, record, answer, who, fields)


def wanted_range(client, content):
    size = len(versions(content)[-1])
    first = client.source.randrange(size)
    last = first + client.source.randrange(size)
    return client.source.choice([f"bytes={first}-", f"bytes={first}-{last}", f"bytes=-{first + 1}"])


# --- What is right ------------------------------------------------------------------------------------------------------


def check(client, record, answer, who, fields):
    """Whether an answer is one that the record allows, now or as it was a moment ago."""
    reasons = []
    for state in record.recent(answer.began, REUSED):
        reason = fault(client, record, state, answer, who, fields)
        if not reason:
            return
        reasons.append(f"{state}: {reason}")
    client.wrong(f"a file, {who}: answered {answer}", f"{record.id} {fields}: " + "; ".join(reasons), answer.request)


def fault(client, record, state, answer, who, fields):
    """What an answer has that it can't have of a record in this state; nothing if it can be right."""
    content = client.model.contents[state.sha256]
    if state.life != LIVE or not (state.is_public or who in ("service", "owner", "cookie", "link")):
        return None if answer.status == 404 else "has to be 404"
    if answer.status in (404, 409):
        if not content.is_photo or record.ready == state.sha256:
            return "has to be there"
        if time.monotonic() - record.file_since > PROCESSED:
            return f"has to be processed after {PROCESSED} s"
        return None
    sums = {content.shown}
    if who in ("service", "owner", "cookie"):
        sums.add(content.sha256)
    return wrong_bytes(content, sums, answer, fields)


def wrong_bytes(content, sums, answer, fields):
    """What is wrong with an answer that gives a file."""
    if answer.status == 304:
        return None if "If-None-Match" in fields else "nothing was said of what the client has"
    if answer.status == 416:
        # Another file of a moment ago may be shorter.
        first = fields.get("Range", "bytes=-")[6:].partition("-")[0]
        return None if first and int(first) >= min(sizes(content)) else "can't be 416"
    policy = answer.fields.get("content-security-policy", "")
    if answer.fields.get("x-content-type-options") != "nosniff" or "sandbox" not in policy:
        return "lacks what keeps it from running"
    if not answer.fields["content-type"].startswith(content.type):
        return f"has the type {answer.fields['content-type']}"
    if answer.status == 206:
        return wrong_range(content, answer)
    if answer.status != 200 or "Range" in fields:
        return f"can't be {answer.status}"
    # Of HEAD.
    if not answer.body:
        return None if int(answer.fields["content-length"]) in sizes(content) else "has another length"
    digest, tag = hashlib.sha256(answer.body).hexdigest(), answer.fields["etag"]
    if digest not in sums:
        return f"has other bytes ({len(answer.body)} of {content.size})"
    if digest == content.sha256:
        content.etag = content.etag or tag
        return None if tag == content.etag else f"has the ETag {tag} in place of {content.etag}"


def sizes(content):
    return {content.size, len(versions(content)[-1])}


def versions(content):
    """A file's bytes, and those that others get."""
    data = content.data()
    return [data, shown(data)] if content.is_photo else [data]


def wrong_range(content, answer):
    unit, _, rest = answer.fields["content-range"].partition(" ")
    span, _, size = rest.partition("/")
    first, last = (int(word) for word in span.split("-"))
    for data in versions(content):
        if len(data) == int(size) and answer.body == data[first:last + 1] and unit == "bytes":
            return None
    return f"has other bytes at {rest}"


# --- Public files, links ---------------------------------------------------------------------------------------------------


def public(client):
    """A public file, by nginx alone: what was answered last holds at once."""
    record = client.record(lambda record: record.state and record.url)
    if not record:
        return
    state, content = record.state, client.model.contents[record.state.sha256]
    is_named = "/p/" in record.url
    target = record.url if is_named else f"/p/{record.id}/{record.name}"
    answer = client.ask("file, public", "GET", target, who={}, expect=(200, 404))
    if not answer:
        return
    if answer.status == 404:
        is_settled = time.monotonic() - record.doubted_at > SETTLED
        has_link = state.is_public and is_named and record.ready == state.sha256
        reason = "has to be there" if has_link and is_settled else None
    else:
        reason = wrong_bytes(content, {content.shown}, answer, {}) if state.is_public else "has to be 404"
    if reason:
        client.wrong(f"a public file: answered {answer}", f"{record.id} {target} {state}: {reason}", answer.request)


def link(client):
    """A file by a link that holds, or was revoked."""
    record = client.record(lambda record: record.links)
    if not record:
        return
    link = client.source.choice(list(record.links.values()))
    answer = client.ask("file, link", "GET", link.url, who={}, expect=(200, 403, 404, 409))
    if not answer:
        return
    if answer.status == 403:
        if not link.may_be_revoked:
            client.wrong("a link that holds is refused", f"{record.id}: {answer}", answer.request)
        return
    is_public = any(state.is_public for state in record.recent(answer.began, REUSED))
    if not link.may_hold and not is_public and answer.status == 200 and answer.began > link.revoked_at + REUSED:
        client.wrong("a revoked link holds", f"{record.id}: {link.url}", answer.request)
    check(client, record, answer, "link", {})


# --- What is made of photos --------------------------------------------------------------------------------------------


def photo(client):
    """What was made of a photo, or is when it is asked for."""
    record = client.record(lambda record: record.kind in PHOTOS and record.state)
    json = client.look(record) if record else None
    if not json:
        return
    age, sha256 = time.monotonic() - record.file_since, json["sha256"]
    if json["status"] != "READY":
        if age > PROCESSED:
            client.wrong(f"a photo is not READY after {PROCESSED} s", f"{record.id}: {json['status']}")
        return
    if age < REUSED + 1:
        # A moment ago it may have been another photo.
        return
    missing = set(MADE) - {variant["name"] for variant in json["variants"]}
    if missing:
        client.wrong("a READY photo lacks pictures", f"{record.id}: {missing}")
    if client.chance(0.1):
        return late(client, record)
    variant = client.source.choice(json["variants"])
    ending = variant["url"].partition("?")[0].rpartition(".")[2]
    answer = client.ask("photo, smaller", "GET", f"/m/{record.id}/{variant['name']}.{ending}")
    if answer:
        check_picture(client, record, (sha256, variant["name"], ending), answer, variant["size"])


def late(client, record):
    answer = client.ask("photo, made when asked for", "GET", f"/m/{record.id}/{LATE}", expect=(200, 503))
    if not answer:
        return
    if answer.status == 503:
        if "retry-after" not in answer.fields or "being made" not in answer.json["detail"]:
            if not client.faults.explain(answer.began, answer.ended, 503, "retry-after" in answer.fields):
                client.wrong(f"photo, made when asked for: answered {answer}", answer.body.decode(), answer.request)
        return
    check_picture(client, record, (record.state.sha256, LATE, None), answer, len(answer.body))


def check_picture(client, record, key, answer, size):
    """A picture has the bytes that it had before, and those that the record says."""
    digest = hashlib.sha256(answer.body).hexdigest()
    if len(answer.body) != size or not any(answer.body.startswith(magic) for magic in MAGIC.values()):
        detail = f"{record.id} {key}: {len(answer.body)} bytes, not {size}"
        client.wrong("a picture isn't what its record says", detail, answer.request)
    if record.variants.setdefault(key, digest) != digest:
        client.wrong("a picture has changed", f"{record.id} {key}", answer.request)


WORK = [(file, 20), (public, 8), (link, 6), (photo, 6)]
