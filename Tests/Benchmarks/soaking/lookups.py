"""Records and lists, of a client's own and of others."""

import hashlib


def one(client):
    if client.records:
        client.look(client.source.choice(client.records))


def listing(client):
    """All of a user's records, page by page: each that is there once, and no other."""
    known, found, cursor = list(client.records), [], ""
    who, limit = client.source.choice([client.key, client.own]), client.source.randint(5, 30)
    while cursor is not None:
        target = f"/v1/users/{client.user}/media?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        answer = client.until_answered("list", lambda: client.ask("list", "GET", target, who=who))
        found += answer.json["media"]
        cursor = answer.json["nextCursor"]
    ids = [json["id"] for json in found]
    missing = {record.id for record in known if record.is_live} - set(ids)
    more = set(ids) - {record.id for record in known if record.may_be_live}
    if missing or more or len(ids) != len(set(ids)):
        detail = f"{client.user}: lacks {missing}, has {more}, {len(ids)} in all"
        client.wrong("a list isn't what it has to be", detail, answer.request)
    for record in known:
        for json in found:
            if json["id"] == record.id:
                client.see(record, json, answer.request)


def messages(client):
    """The same in the platform's messages."""
    record = client.record(lambda record: record.state)
    if not record:
        return
    if json := client.rpc("message media.findOne", "media.findOne", record.id):
        client.see(record, json)
    if json := client.rpc("message media.findByUser", "media.findByUser", {"userId": client.user, "params": {"limit": 100}}):
        lacking = {record.id for record in client.records if record.is_live} - {each["id"] for each in json["media"]}
        if lacking and json["total"] <= 100:
            client.wrong("a list isn't what it has to be", f"media.findByUser {client.user}: lacks {lacking}")


# --- Those of others -------------------------------------------------------------------------------------------------------


def visit(client):
    """Somebody else's file: what it ever was, where it was ever for all, and nothing else."""
    if not (record := client.model.some(client.source)):
        return
    who = client.source.choice([{}, client.own])
    answer = client.ask("file of another", "GET", f"/m/{record.id}", who=who, expect=(200, 404, 409))
    if answer and answer.status == 200:
        digest = hashlib.sha256(answer.body).hexdigest()
        if not record.was_public or digest not in {client.model.contents[each].shown for each in record.hashes}:
            client.wrong("somebody got what isn't theirs", f"{record.id}: {digest}", answer.request)


def visit_record(client):
    if not (record := client.model.some(client.source)):
        return
    answer = client.ask("record of another", "GET", f"/v1/media/{record.id}", who=client.own, expect=(200, 404))
    if answer and answer.status == 200 and not record.was_public:
        client.wrong("somebody sees a record that isn't theirs", record.id, answer.request)


def serve_all(client):
    """A service reads everybody's, while they change."""
    if not (record := client.model.some(client.source)):
        return
    answer = client.ask("file for a service", "GET", f"/m/{record.id}", expect=(200, 404, 409))
    if answer and answer.status == 200:
        digest = hashlib.sha256(answer.body).hexdigest()
        contents = [client.model.contents[each] for each in record.hashes]
        if digest not in {sum for content in contents for sum in (content.shown, content.sha256)}:
            client.wrong("a file has bytes that it never had", f"{record.id}: {digest}", answer.request)


def all_lists(client):
    """Some pages of everybody's records: in order, and none twice."""
    last, cursor = None, ""
    for _ in range(5):
        target = "/v1/media?limit=50&fields=id" + (f"&cursor={cursor}" if cursor else "")
        answer = client.ask("list of all", "GET", target)
        if not answer:
            return
        for json in answer.json["media"]:
            if last and json["id"] >= last:
                client.wrong("a list is out of order", f"{json['id']} behind {last}", answer.request)
            last = json["id"]
        cursor = answer.json["nextCursor"]
        if not cursor:
            return


def metrics(client):
    client.ask("metrics", "GET", "/metrics", who={})
    client.ask("healthz", "GET", "/healthz", who={})


WORK = [(one, 5), (listing, 2), (messages, 2)]
VISITS = [(visit, 10), (visit_record, 5), (serve_all, 10), (all_lists, 2), (metrics, 1)]
