"""Downloads of a small file: `/m/…` with an API key against the same in C, in PHP and in Django, `/p/…` against static nginx."""

import os

import links_group
import load
import sameness
from peers_django import Django
from peers_php import PHP

GROUP = "delivery"
# A decision for each request, as the peers make it.
SETTINGS = {"MEDIA_DECISION_CACHE": "0"}


def run(instance, peers, rounds, report):
    private, other = (instance.upload(content(), name, "text/plain") for name in ("Übung “1”.txt", "other.txt"))
    public = instance.upload(content(), "public.txt", "text/plain", public=True)
    own_cases = cases(instance, f"/m/{private['id']}", f"/m/{public['id']}")
    sameness.check(instance, peers, own_cases)
    with PHP(peers) as php, Django(peers) as django:
        # The C program's links are compared where they are measured.
        link_cases = links_group.cases(instance, private, other)
        for peer in (php, django):
            sameness.check(instance, peer, own_cases + link_cases)
        measure(instance, {"C": peers, "PHP": php, "Django": django}, peers.static_url(private), private, public, rounds, report)
    for record in (private, other, public):
        instance.delete(record)


def content():
    return os.urandom(5120).hex().encode()


def measure(instance, programs, static, private, public, rounds, report):
    deciding = {"ours": instance, **programs}
    key, path = {"Authorization": instance.authorization}, f"/m/{private['id']}"
    targets = {
        **{name: load.target(program.url + path, key) for name, program in deciding.items()},
        "static": load.target(static),
        "public": load.target(public["url"]),
    }
    rates, costs = load.take_turns(targets, rounds, {name: program.busy() for name, program in deciding.items()})
    name, unit = "private file, 10 KB, API key", "requests/s"
    load.report_with_c(report, GROUP, name, rates, costs, goal=0.95)
    load.report_with(report, GROUP, name, rates, costs, "PHP", "the same in PHP-FPM", goal=1.5)
    load.report_with(report, GROUP, name, rates, costs, "Django", "the same in Django", goal=4)
    report.compare(GROUP, name, rates["ours"], rates["static"], "nginx static", unit)
    report.compare(GROUP, "public file, 10 KB", rates["public"], rates["static"], "nginx static", unit)


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
