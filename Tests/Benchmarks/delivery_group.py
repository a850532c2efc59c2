"""Downloads of a small file: `/m/…` with an API key against the same in C, `/p/…` against static nginx."""

import os

import load
import sameness

GROUP = "delivery"
# A decision for each request, as the C program makes it.
SETTINGS = {"MEDIA_DECISION_CACHE": "0"}


def run(instance, peers, rounds, report):
    text = os.urandom(5120).hex().encode()
    private = instance.upload(text, "Übung “1”.txt", "text/plain")
    public = instance.upload(os.urandom(5120).hex().encode(), "public.txt", "text/plain", public=True)
    sameness.check(instance, peers, cases(instance, f"/m/{private['id']}", f"/m/{public['id']}"))

    key, path = {"Authorization": instance.authorization}, f"/m/{private['id']}"
    targets = {
        "ours": load.target(instance.url + path, key),
        "C": load.target(peers.url + path, key),
        "static": load.target(peers.static_url(private)),
        "public": load.target(public["url"]),
    }
    rates, costs = load.take_turns(targets, rounds, {"ours": instance.busy(), "C": peers.busy()})
    name, unit = "private file, 10 KB, API key", "requests/s"
    load.report_with_c(report, GROUP, name, rates, costs, goal=0.95)
    report.compare(GROUP, name, rates["ours"], rates["static"], "nginx static", unit)
    report.compare(GROUP, "public file, 10 KB", rates["public"], rates["static"], "nginx static", unit)
    instance.delete(private)
    instance.delete(public)


def cases(instance, private, public):
    good = {"Authorization": instance.authorization}
    writer = {"Authorization": f"Bearer {instance.make_key('media:write')}"}
    key = instance.authorization
    unknown = "/m/c" + "0" * 24
    etag = sameness.exchange(instance.port, "GET", private, good)[1]["etag"]
    return [
        ("GET", private, good, 200),
        ("GET", private, {"Authorization": key.replace("Bearer", "bearer")}, 200),
        ("HEAD", private, good, 200),
        ("GET", private, {**good, "Range": "bytes=0-0"}, 206),
        ("GET", private, {**good, "If-None-Match": etag}, 304),
        ("GET", public, {}, 200),
        ("GET", public, writer, 200),
        ("GET", private, {}, 404),
        ("GET", private, writer, 403),
        ("GET", private, {"Authorization": key[:-1] + ("a" if key[-1] != "a" else "b")}, 401),
        ("GET", public, {"Authorization": key[:-1]}, 401),
        ("GET", private, {"Authorization": "Basic eDp4"}, 401),
        ("GET", unknown, good, 404),
        ("HEAD", unknown, good, 404),
        ("GET", "/m/no-id", good, 404),
    ]
