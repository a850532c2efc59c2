"""What happens to records: other files, other rights, links, and their end."""

import time
import urllib.parse
import uuid

from soaking.contents import PHOTOS
from soaking.model import DELETED, GONE, LIVE, Link


def visibility(client):
    """For all, or no more."""
    record = client.record(lambda record: record.state)
    if not record:
        return
    is_public = not record.state.is_public
    answer = client.change(record, "isPublic", lambda: client.ask_json(
        "PATCH isPublic", "PATCH", f"/v1/media/{record.id}", {"isPublic": is_public}), is_public=is_public)
    if answer:
        client.see(record, answer.json, answer.request)


def title(client):
    """A title, sometimes on the condition that nobody else has changed the record."""
    record = client.record(lambda record: record.state)
    if not record:
        return
    fields, text = {}, f"title {client.source.randrange(10**6)}"
    if client.chance(0.4):
        if not client.look(record):
            return
        fields["If-Match"] = record.etag
        # While a photo is processed the record changes by itself.
        expect = (200, 412) if record.kind in PHOTOS else (200,)
    else:
        expect = (200,)
    answer = client.change(record, "title", lambda: client.ask_json(
        "PATCH title", "PATCH", f"/v1/media/{record.id}", {"title": text}, fields=fields, expect=expect), title=text)
    if answer and answer.status == 200:
        client.see(record, answer.json, answer.request)


def message(client):
    """The same by the platform's message."""
    record = client.record(lambda record: record.state)
    if not record:
        return
    is_public = not record.state.is_public
    json = client.change(record, "isPublic", lambda: client.rpc(
        "message media.update", "media.update", {"id": record.id, "isPublic": is_public}), is_public=is_public)
    if json:
        client.see(record, json)


def bulk(client):
    """Several titles at once, each with its own result."""
    records = list({record.id: record for _ in range(4) if (record := client.record(lambda record: record.state))}.values())
    if not records:
        return
    text = f"bulk {client.source.randrange(10**6)}"
    begun = [(record, record.begin(title=text)) for record in records]
    operations = [{"op": "update", "id": record.id, "changes": {"title": text}} for record in records]
    answer = client.ask_json("bulk", "POST", "/v1/media/bulk", {"operations": operations})
    results = answer.json["results"] if answer else [None] * len(begun)
    for (record, new), result in zip(begun, results, strict=True):
        record.end(new, is_certain=result is not None and result["status"] == 200)
    for (record, _), result in zip(begun, results, strict=True):
        if result and result["status"] != 200 and not client.faults.explain(
                answer.began, answer.ended, result["status"], "retryAfter" in result["error"] or result["status"] == 503):
            client.wrong(f"bulk: a result is {result['status']}", f"{record.id}: {result}", answer.request)
        client.look(record)


# --- Other files ---------------------------------------------------------------------------------------------------------


def replace(client):
    """Another file in a record's place."""
    record = client.record(lambda record: record.state and record.kind != "film")
    if not record:
        return
    photo = record.kind in PHOTOS
    if photo and record.ready != record.state.sha256:
        return
    content = client.content(client.source.choice(PHOTOS) if photo else "text", int(2 ** client.source.uniform(1, 15)))
    record.file_since = time.monotonic()
    answer = client.change(record, "file", lambda: client.ask(
        "PUT file", "PUT", f"/v1/media/{record.id}/file", content.data(), {"Content-Type": content.type}), sha256=content.sha256)
    if answer:
        client.see(record, answer.json, answer.request)
        record.earlier = {**record.earlier, answer.json["version"]: content.sha256}


def restore_version(client):
    """The file that the record had before."""
    record = client.record(lambda record: record.state and len(record.earlier) > 1)
    if not record or record.kind in PHOTOS:
        return
    json = client.look(record)
    versions = client.ask("versions", "GET", f"/v1/media/{record.id}/versions") if json else None
    if not versions:
        return
    earlier = [version for version in versions.json["versions"] if not version["current"]]
    if not earlier:
        return
    wanted = earlier[0]
    if wanted["sha256"] not in record.hashes:
        client.wrong("a version that never was", f"{record.id}: {wanted}", versions.request)
    target = f"/v1/media/{record.id}/versions/{wanted['version']}/restore"
    record.file_since = time.monotonic()
    answer = client.change(record, "version", lambda: client.ask("version restored", "POST", target), sha256=wanted["sha256"])
    if answer:
        client.see(record, answer.json, answer.request)


# --- Links ---------------------------------------------------------------------------------------------------------------


def sign(client):
    record = client.record(lambda record: record.state)
    if not record:
        return
    order = {"expiresIn": 3600, "subject": f"s{client.source.randrange(3)}"}
    fields = {"Idempotency-Key": str(uuid.uuid4())} if client.chance(0.5) else {}
    answer = client.ask_json("link signed", "POST", f"/v1/media/{record.id}/links", order, fields=fields, expect=(201,))
    if answer:
        known = record.links.get(answer.json["id"])
        if known and not known.may_hold:
            client.wrong("a revoked link was given again", f"{record.id}: {answer.json}", answer.request)
        record.links[answer.json["id"]] = Link(answer.json["url"])


def counted(client):
    """A link for so many downloads, and not one more."""
    record = client.record(lambda record: record.state and not record.state.is_public and record.ready == record.state.sha256)
    if not record:
        return
    order = {"expiresIn": 3600, "maxUses": 2}
    answer = client.ask_json("link signed", "POST", f"/v1/media/{record.id}/links", order, expect=(201,))
    if not answer:
        return
    url, statuses = answer.json["url"], []
    for _ in range(3):
        answer = client.ask("file, link that is counted", "GET", url, who={}, expect=(200, 403))
        if not answer:
            return
        statuses.append(answer.status)
    if statuses != [200, 200, 403]:
        client.wrong("a link is counted wrongly", f"{record.id}: {statuses}", answer.request)


def revoke(client):
    record = client.record(lambda record: record.links)
    if not record:
        return
    ids = list(record.links)
    if client.chance(0.6):
        ids = [client.source.choice(ids)]
        target, expect = f"/v1/media/{record.id}/links/{ids[0]}", (204, 404)
    else:
        target, expect = f"/v1/media/{record.id}/links", (204,)
    may_be_gone = all(record.links[id].may_be_revoked for id in ids)
    for id in ids:
        record.links[id].may_be_revoked = True
    answer = client.ask("link revoked", "DELETE", target, expect=expect)
    if answer and answer.status == 404 and not may_be_gone and not client.faults.met("worker killed", answer.began, answer.ended):
        client.wrong("404 for a link that is there", f"{record.id}: {ids}", answer.request)
    if answer:
        for id in ids:
            record.links[id].may_hold, record.links[id].revoked_at = False, time.monotonic()


# --- The end -------------------------------------------------------------------------------------------------------------


def remove(client):
    """A record deleted, so that it can be restored, or for good."""
    record = client.record()
    if not record:
        return
    is_hard = client.chance(0.5)
    for link in record.links.values():
        link.may_be_revoked = True
    query = urllib.parse.urlencode({"hard": "true"} if is_hard else {})
    if client.chance(0.2):
        ask = lambda: client.rpc("message media.remove", "media.remove", {"id": record.id, "hard": is_hard})
    else:
        ask = lambda: client.ask("deleted for good" if is_hard else "deleted", "DELETE", f"/v1/media/{record.id}?{query}")
    record.deleted_at = time.time()
    client.change(record, "deletion", ask, life=GONE if is_hard else DELETED)
    for link in record.links.values():
        link.may_hold, link.revoked_at = record.may_be_live, time.monotonic()


def restore(client):
    """A deleted record again; its links stay revoked."""
    client.forget()
    deleted = [record for record in client.records if {state.life for state in record.options} == {DELETED}]
    if not deleted:
        return
    record = client.source.choice(deleted)
    fields = {"Idempotency-Key": str(uuid.uuid4())} if client.chance(0.5) else {}
    answer = client.change(record, "restore", lambda: client.ask(
        "restored", "POST", f"/v1/media/{record.id}/restore", None, fields), life=LIVE)
    if answer:
        client.see(record, answer.json, answer.request)


WORK = [(visibility, 5), (title, 4), (message, 1), (bulk, 1), (replace, 4), (restore_version, 1), (sign, 5), (counted, 1),
        (revoke, 2), (remove, 6), (restore, 3)]
