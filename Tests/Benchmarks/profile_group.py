"""What the hot paths cost a worker in instructions and allocations, against the budgets of `budgets.json`."""

import json
import os

import profiling
from tools import note

GROUP = "profile"
SETTINGS = {"MEDIA_DECISION_CACHE": "0"}


def run(instance, peers, rounds, report):
    """Once: what is counted is the same each time."""
    folder = peers.folder / "profile"
    folder.mkdir()
    record = upload(instance, 5120, "profile.txt")
    others = [upload(instance, 64, f"{number}.txt") for number in range(19)]
    mediad = profiling.stripped(instance.mediad, folder)
    environment = instance.settings_file(folder / "settings.env")
    for name, found in profiling.costs(mediad, environment, folder, requests(instance, record)):
        most = profiling.budget("release", name)
        note(f"{name}: {found['instructions']:,.0f} instructions, {found['allocations']:.0f} allocations")
        for what, value in found.items():
            report.measure(GROUP, name, [value], what, limit=most.get(what))
    for made in [record, *others]:
        instance.delete(made)


def upload(instance, size, name):
    # The user has no other files: what a list costs depends on what is in it.
    return instance.upload(os.urandom(size).hex().encode(), name, "text/plain", user="profile")


def requests(instance, record):
    id, key = record["id"], instance.authorization
    link = instance.make_link(record)["url"].removeprefix(instance.url)
    message = json.dumps({"pattern": "media.findOne", "data": {"id": id}, "id": "1"}).encode()
    return {
        "download, API key": {"target": f"/m/{id}", "authorization": key},
        "download, signed link": {"target": link},
        "record": {"target": f"/v1/media/{id}", "authorization": key},
        "list of 20 records": {"target": "/v1/users/profile/media?limit=20", "authorization": key},
        "findOne": {
            "target": "/v1/rpc", "authorization": key, "method": "POST", "type": "application/json", "body": message},
    }
