"""The ways in which files come: whole, in forms, in pieces, in messages; with breaks, and with keys that settle them."""

import base64
import hashlib
import time
import urllib.parse
import uuid

from soaking import changes
from soaking.contents import PHOTOS

# Contents that all clients send and remove again and again.
SHARED = 6
TUS = {"Tus-Resumable": "1.0.0"}
PIECES = {"Content-Type": "application/offset+octet-stream"}


def any_content(client):
    if client.chance(0.15):
        return client.content("text", 3000, number=client.source.randrange(SHARED))
    if client.chance(0.15):
        return client.content(client.source.choice(PHOTOS))
    if client.chance(0.02):
        # Long enough to be hashed while it arrives.
        return client.content("film", 9_000_000)
    return client.content("text", int(2 ** client.source.uniform(1, 17)))


def query(client, name, content, is_public):
    values = {"name": name, "userId": client.user, "isPublic": "true" if is_public else "false"}
    # Nothing could be made of such a film.
    return urllib.parse.urlencode(values | ({"processing": "none"} if content.kind == "film" else {}))


def order(client):
    """What is to be uploaded: content, name, whether for all; nothing where there is enough."""
    client.forget()
    if sum(record.may_be_live for record in client.records) >= client.most:
        changes.remove(client)
        return None
    content = any_content(client)
    name = client.name(content)
    client.model.sent[name] = None
    return content, name, client.chance(0.4)


def settle(client, content, name, is_public, refusal=None):
    """What became of an upload whose answer was lost: all of it or nothing."""
    refusal = refusal or client.refusal
    time.sleep(client.source.uniform(0.5, 1))
    found = client.find(name)
    if found:
        client.note_done(refusal, f"upload of {name}")
    if len(found) > 1:
        client.wrong("an upload was done twice", f"{name}: {[each['id'] for each in found]}")
    if found:
        return client.take_over(found[0], content, is_public, name)
    client.model.sent[name] = False


def refused(client, name):
    """Looks whether something came of what was not to be."""
    if found := client.find(name):
        client.wrong("something came of a broken upload", f"{name}: {found[0]['id']}")
    client.model.sent[name] = False


# --- Whole -----------------------------------------------------------------------------------------------------------


def raw(client):
    """The body is the file."""
    if not (wanted := order(client)):
        return
    content, name, is_public = wanted
    data, target = content.data(), f"/v1/media?{query(client, name, content, is_public)}"
    fields = {"Content-Type": content.type}
    if client.chance(0.3):
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        fields["Repr-Digest"] = f"sha-256=:{digest}:"
    if client.chance(0.6):
        return keyed(client, target, data, fields, content, name, is_public)
    answer = client.ask("upload, raw", "POST", target, data, fields, expect=(201,))
    if answer:
        client.take_over(answer.json, content, is_public, name)
    else:
        settle(client, content, name, is_public)


def keyed(client, target, data, fields, content, name, is_public):
    """With an Idempotency-Key: sent until it is answered, and maybe once more."""
    what, fields = "upload, raw with key", {**fields, "Idempotency-Key": str(uuid.uuid4())}
    if client.chance(0.1):
        client.session.send("POST", target, data, {**client.key, **fields}, stop_after=len(data) // 2)
    answer = client.until_answered(what, lambda: once(client, what, target, data, fields))
    record = client.take_over(answer.json, content, is_public, name)
    if client.chance(0.15) and (again := once(client, "upload, again with its key", target, data, fields)):
        if again.json["id"] != record.id or again.fields.get("idempotency-replayed") != "true":
            client.wrong("a key was answered otherwise the second time", f"{again.json['id']}, not {record.id}", again.request)


def once(client, what, target, data, fields):
    answer = client.ask(what, "POST", target, data, fields, expect=(201, 409))
    if answer and answer.status == 409:
        if answer.code != "idempotency_in_progress" or "retry-after" not in answer.fields:
            client.wrong(f"{what}: answered {answer}", name_of(target), answer.request)
        return None
    return answer


def name_of(target):
    return urllib.parse.parse_qs(target.partition("?")[2])["name"][0]


def broken(client):
    """The connection goes in the middle of the body: nothing may come of it."""
    if not (wanted := order(client)):
        return
    content, name, is_public = wanted
    data = content.data()
    client.session.send("POST", f"/v1/media?{query(client, name, content, is_public)}", data,
                        {**client.key, "Content-Type": content.type}, stop_after=len(data) // 2)
    client.findings.count("upload, broken off", "right")
    refused(client, name)


# --- Forms -----------------------------------------------------------------------------------------------------------


def form(client):
    """Several files at once: all or none."""
    wanted = [found for _ in range(client.source.randint(1, 3)) if (found := order(client)) and found[0].kind != "film"]
    if not wanted:
        return
    is_public = wanted[0][2]
    border, parts = uuid.uuid4().hex, []
    for name, value in (("userId", client.user), ("isPublic", "true" if is_public else "false")):
        parts.append(f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for content, name, _ in wanted:
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {content.type}\r\n\r\n'
        parts += [f"--{border}\r\n{head}".encode(), content.data(), b"\r\n"]
    body = b"".join(parts) + f"--{border}--\r\n".encode()
    answer = client.ask("upload, form", "POST", "/v1/media", body, {"Content-Type": f"multipart/form-data; boundary={border}"},
                        expect=(201,))
    if answer:
        made = {json["originalName"]: json for json in answer.json.get("media", [answer.json])}
        for content, name, _ in wanted:
            client.take_over(made[name], content, is_public, name)
        return
    refusal = client.refusal
    if len({settle(client, content, name, is_public, refusal) is None for content, name, _ in wanted}) > 1:
        client.wrong("a form's files were taken in part", str([name for _, name, _ in wanted]))


# --- In pieces ---------------------------------------------------------------------------------------------------------


def tus(client):
    """In pieces, with breaks, going on where the service says."""
    if not (wanted := order(client)):
        return
    content, name, is_public = wanted
    data = content.data()
    upload = begin(client, len(data), metadata(client, name, content, is_public))
    if client.chance(0.05):
        return leave(client, upload, data, name)
    if media := bring(client, upload, data, offset=0):
        # It may be asked for again, as long as it isn't forgotten.
        client.take_over(media, content, is_public, name)


def metadata(client, name, content, is_public):
    values = {"filename": name, "filetype": content.type, "userId": client.user, "isPublic": "true" if is_public else "false"}
    if content.kind == "film":
        values["processing"] = "none"
    return {"Upload-Metadata": ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())}


def begin(client, length, fields):
    """The path of a new upload; one whose answer is lost is left to end by itself."""
    what, fields = "upload in pieces, begun", {**TUS, "Upload-Length": str(length), **fields}
    answer = client.until_answered(what, lambda: client.ask(what, "POST", "/v1/uploads", None, fields, expect=(201,)))
    return urllib.parse.urlparse(answer.fields["location"]).path


def bring(client, upload, data, offset, is_part=False):
    """Brings all bytes; the record, or for a part nothing."""
    what, media = "upload in pieces, a piece", None
    while offset < len(data):
        piece = data[offset:offset + max(1, int(len(data) * client.source.uniform(0.2, 1)))]
        fields = {**TUS, **PIECES, "Upload-Offset": str(offset)}
        if client.chance(0.3):
            fields["Upload-Checksum"] = "sha1 " + base64.b64encode(hashlib.sha1(piece).digest()).decode()
        if len(piece) > 1 and client.chance(0.1):
            client.session.send("PATCH", upload, piece, {**client.key, **fields}, stop_after=len(piece) // 2)
            offset, media = where(client, upload, offset)
            continue
        answer = client.ask(what, "PATCH", upload, piece, fields, expect=(204,))
        if not answer:
            offset, media = where(client, upload, offset)
            continue
        if int(answer.fields["upload-offset"]) != offset + len(piece):
            client.wrong("a piece wasn't taken whole", f"{upload}: {answer.fields['upload-offset']}", answer.request)
        offset, media = offset + len(piece), answer.fields.get("media-id")
    if is_part:
        return None
    if not media:
        offset, media = where(client, upload, offset)
    if not media:
        client.wrong("a complete upload names no record", upload)
    answer = client.until_answered("record", lambda: client.ask("record", "GET", f"/v1/media/{media}"))
    return answer.json


def where(client, upload, confirmed):
    """Where the service says that an upload is to go on, and its record; nothing that was confirmed may be lost."""
    time.sleep(client.source.uniform(0.1, 0.5))
    what = "upload in pieces, where"
    answer = client.until_answered(what, lambda: client.ask(what, "HEAD", upload, None, TUS))
    offset = int(answer.fields["upload-offset"])
    if offset < confirmed:
        client.wrong("bytes of an upload that were confirmed are lost", f"{upload}: {offset} of {confirmed}", answer.request)
    return offset, answer.fields.get("media-id")


def leave(client, upload, data, name):
    """Half an upload, ended or left to end by itself."""
    half = data[:len(data) // 2]
    if half:
        client.ask("upload in pieces, a piece", "PATCH", upload, half, {**TUS, **PIECES, "Upload-Offset": "0"}, expect=(204,))
    if client.chance(0.5):
        client.ask("upload in pieces, ended", "DELETE", upload, None, TUS, expect=(204,))
    client.model.sent[name] = False


def tus_parts(client):
    """Two parts, put together."""
    if not (wanted := order(client)):
        return
    content, name, is_public = wanted
    data, paths = content.data(), []
    if len(data) < 2:
        client.model.sent[name] = False
        return
    for part in (data[:len(data) // 2], data[len(data) // 2:]):
        paths.append(begin(client, len(part), {"Upload-Concat": "partial", **metadata(client, name, content, is_public)}))
        bring(client, paths[-1], part, offset=0, is_part=True)
    what = "upload in pieces, put together"
    fields = {**TUS, "Upload-Concat": f"final;{' '.join(paths)}", **metadata(client, name, content, is_public)}
    answer = client.ask(what, "POST", "/v1/uploads", None, fields, expect=(201,))
    if not answer:
        settle(client, content, name, is_public)
    elif media := answer.fields.get("media-id"):
        found = client.until_answered("record", lambda: client.ask("record", "GET", f"/v1/media/{media}"))
        client.take_over(found.json, content, is_public, name)
    else:
        client.wrong("parts that were put together name no record", answer.fields.get("location", ""), answer.request)


# --- Messages ----------------------------------------------------------------------------------------------------------


def message(client):
    """A Buffer in a message: with its user at once, or staged first."""
    if not (wanted := order(client)):
        return
    content, name, is_public = wanted
    if content.kind == "film":
        client.model.sent[name] = False
        return
    key = {"Idempotency-Key": str(uuid.uuid4())}
    buffer = {"buffer": base64.b64encode(content.data()).decode(), "originalName": name, "mimeType": content.type}
    if client.chance(0.5):
        data = {**buffer, "userId": client.user, "isPublic": is_public}
        json = client.until_answered("upload, message", lambda: call(client, "upload_file", data, key))
        return client.take_over(json, content, is_public, name)
    staged = client.until_answered("upload, staged", lambda: call(client, "upload_file", buffer, key))
    if client.chance(0.1):
        # Nobody makes a record of it.
        client.model.sent[name] = False
        return
    data = {name: staged[name] for name in ("url", "type", "originalName", "mimeType", "size")}
    data.update(userId=client.user, isPublic=is_public)
    # Whoever asks again for the same file gets the same record.
    json = client.until_answered("record of a staged file", lambda: call(client, "media.create", data, {}))
    client.take_over(json, content, is_public, name)


def call(client, pattern, data, fields):
    return client.rpc(f"message {pattern}", pattern, data, fields=fields)


WORK = [(raw, 12), (broken, 1), (form, 4), (tus, 5), (tus_parts, 1), (message, 4)]
