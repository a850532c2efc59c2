"""More than one machine: a Galera cluster whose nodes go and come, hosts on several of its nodes, hosts on one S3 store.

Not among the groups that run unless others are named: it takes some minutes.
"""

import secrets
import time

import cluster_rivals
import cluster_store
from cluster_load import SUCCESS, Load
from galera import Galera, Node
from host import Host
from tools import note

GROUP = "cluster"
SETTINGS = {}
# Of one load; its node is gone after the first and is back after the second.
SECONDS, GONE, BACK = 60, 20, 35
# For so long a node hangs, or is cut off from the others.
AWAY = 20
# Writes go on within so many seconds, of which Galera takes five to give a node up.
LIMIT = 10


def run(instance, peers, rounds, report):
    folder = peers.folder / "cluster"
    folder.mkdir()
    settings = {
        "MEDIA_LINK_SECRET": secrets.token_hex(32), "MEDIA_JWT_SECRET": secrets.token_hex(32),
        # One folder, as on a file server, of all hosts on this database.
        "MEDIA_STORE_DIR": folder / "store"}
    with Galera(instance.repository, folder / "galera") as cluster:
        one_host(instance, cluster, folder, settings, rounds, report)
        two_hosts(instance, cluster, folder, settings, report)
    one_store(instance, folder / "s3", report)


# --- Nodes that go and come ----------------------------------------------------------------------------------------------


def one_host(instance, cluster, folder, settings, rounds, report):
    scenes = {"its node killed": kill, "its node hangs": hang, "its node cut off": cut_off}
    outages = {name: [] for name in scenes}
    for round in range(rounds):
        for name, scene in scenes.items():
            # A new one each time, whose connections are all to the first node.
            with Host(instance.repository, folder / f"{scene.__name__}{round}", {**settings, **cluster.settings()}) as host:
                outages[name].append(scene(cluster, host))
    for name, found in outages.items():
        report.measure(GROUP, f"{name}: no write acknowledged for", [one.seconds for one in found], "s", limit=LIMIT)
        # None may hide behind a median.
        broken, unavailable, failed = (
            sum(getattr(one, count) for one in found) for count in ("broken", "unavailable", "failed"))
        report.measure(GROUP, f"{name}: promises broken", [broken], "records", limit=0)
        report.measure(GROUP, f"{name}: answered with 503", [unavailable], "requests")
        report.measure(GROUP, f"{name}: failed otherwise", [failed], "requests", limit=0)
    report_differences(cluster, "all nodes are back", report)


def report_differences(cluster, name, report):
    differing = cluster.differing_tables()
    if differing:
        note(f"not the same on all nodes: {', '.join(differing)}")
    report.measure(GROUP, f"{name}: tables that differ between nodes", [len(differing)], "tables", limit=0)


class Outage:
    """What came of a load during which a node was away."""

    def __init__(self, cluster, load, moment):
        self.seconds = load.longest_pause(moment)
        statuses = load.statuses()
        self.unavailable = statuses[503]
        self.failed = sum(count for status, count in statuses.items() if status not in (*SUCCESS, 503))
        faults = set(load.missing_files())
        for node in cluster.nodes:
            faults.update(load.broken_promises(rows(node)))
        self.broken = len(faults)
        for fault in sorted(faults)[:20]:
            note(f"BROKEN: {fault}")
        note(f"no write acknowledged for {self.seconds:.1f} s; {len(load.promises)} records, {self.broken} not as promised; "
             f"answers {dict(sorted(statuses.items()))}")


def rows(node):
    """What a node has of all records: hash, whether it is deleted, title."""
    lines = node.sql_in_step("SELECT id, LOWER(HEX(sha256)), status = 'DELETED', title FROM media")
    return {id: (sha256, is_deleted == "1", title) for id, sha256, is_deleted, title in (line.split("\t") for line in lines)}


def kill(cluster, host):
    """The node that is written to is killed, and comes back under load."""
    with Load(host) as load:
        begun = time.monotonic()
        time.sleep(GONE)
        node = cluster.used()
        note(f"killing {node.name}, which is written to")
        node.kill()
        moment = time.monotonic()
        time.sleep(BACK - GONE)
        node.come_back()
        cluster.wait()
        note(f"{node.name} is back")
        time.sleep(max(5, begun + SECONDS - time.monotonic()))
    return Outage(cluster, load, moment)


def hang(cluster, host):
    """The node that is written to neither answers nor refuses for a while, as one whose disk or virtual machine stands still."""
    return away(cluster, host, Node.hang, Node.go_on)


def cut_off(cluster, host):
    """The node that is written to is no longer part of the cluster, and answers its clients that it can't."""
    return away(cluster, host, Node.cut_off, lambda node: node.cut_off(False))


def away(cluster, host, go, come_back):
    with Load(host) as load:
        time.sleep(5)
        node = cluster.used()
        note(f"{go.__name__}: {node.name}, which is written to")
        moment = time.monotonic()
        go(node)
        time.sleep(AWAY)
        come_back(node)
        cluster.wait()
        time.sleep(5)
    return Outage(cluster, load, moment)


# --- Hosts on several nodes ----------------------------------------------------------------------------------------------


def two_hosts(instance, cluster, folder, settings, report):
    settings = {
        **settings, "MEDIA_USER_MAX_UPLOADS": cluster_rivals.UPLOADS,
        # What nginx keeps of decisions would hide how far the other node is behind.
        "MEDIA_DECISION_CACHE": 0,
        # Nobody sends the events, which stay to be looked at.
        "MEDIA_AMQP_URL": "amqp://nobody:nobody@127.0.0.1:1/"}
    with Host(instance.repository, folder / "a", {**settings, **cluster.settings()}) as first:
        settings["MEDIA_PUBLIC_URL"] = first.url
        with Host(instance.repository, folder / "b", {**settings, **cluster.settings(1)}) as second:
            second.key = first.key
            conflicts(cluster, [first, second], report)
            others(cluster, [first, second], report)
    report_differences(cluster, "two hosts have written", report)


def conflicts(cluster, hosts, report):
    rivals = cluster_rivals.Rivals(hosts)
    note("both hosts change the same records")
    rivals.run()
    statuses, changes = rivals.statuses, rivals.statuses.total()
    note(f"{changes} changes, {rivals.tried_again:.0f} tried again; answers {dict(sorted(statuses.items()))}")
    failed = sum(count for status, count in statuses.items() if status not in (200, 503))
    name = "two hosts change the same records"
    report.measure(GROUP, f"{name}: tried again", [100 * rivals.tried_again / changes], "% of changes")
    report.measure(GROUP, f"{name}: answered with 503", [statuses[503]], "requests")
    report.measure(GROUP, f"{name}: failed otherwise", [failed], "requests", limit=0)
    report.measure(GROUP, f"{name}: changes lost", [len(rivals.lost(cluster.nodes[2]))], "changes", limit=0)
    report.measure(GROUP, f"{name}: wrong public links", [len(rivals.wrong_links())], "records", limit=0)
    out_of_order = cluster_rivals.events_out_of_order(cluster.nodes[2])
    report.measure(GROUP, f"{name}: events out of order", [out_of_order], "events", limit=0)


def others(cluster, hosts, report):
    note("what one host does and the other one doesn't know yet")
    unknown = cluster_rivals.unknown_records(*hosts)
    given_out = cluster_rivals.given_out_after_delete(*hosts)
    came_back = cluster_rivals.links_that_came_back(cluster, hosts)
    note("what may happen once, asked of both hosts at the same time")
    doubled = cluster_rivals.doubled_keys(hosts) + cluster_rivals.doubled_uses(hosts)
    beyond = cluster_rivals.uploads_beyond_limit(hosts)
    lost = cluster_rivals.lost_contents(hosts)
    found = cluster_rivals.reconcile(hosts[0])
    report.measure(GROUP, "new record, read from the other host: not there yet", [unknown], "% of records")
    report.measure(GROUP, "deleted file, read from the other host: given out", [given_out], "% of files")
    report.measure(
        GROUP, "6 files made private or deleted, the other host behind: public again", [len(came_back)], "files", limit=0)
    report.measure(GROUP, "keys and links for one use, used at both hosts: twice", [doubled], "times", limit=0)
    report.measure(
        GROUP, f"{cluster_rivals.USERS} users ask both hosts for their last upload: beyond the limit", [beyond], "users", limit=0)
    report.measure(
        GROUP, f"{cluster_rivals.CONTENTS} contents removed at one host, taken at the other: lost", [lost], "files", limit=0)
    report.measure(GROUP, "mediad reconcile, after all this", [found], "findings", limit=0)


# --- Hosts on one store --------------------------------------------------------------------------------------------------


def one_store(instance, folder, report):
    folder.mkdir()
    checks = cluster_store.Checks()
    note("starting Ceph and two hosts on it")
    with cluster_store.two_hosts(instance, folder) as (first, second):
        for check in (cluster_store.read, cluster_store.at_once, cluster_store.same_content, cluster_store.once_only):
            check(first, second, checks)
        taken_back = cluster_store.revocations(first, second)
        cluster_store.pieces(first, second, checks)
        goes_on = cluster_store.pieces_after_kill(first, second, checks)
        cluster_store.pieces_after_power_cut(first, second, checks)
        done = cluster_store.jobs([first, second], folder / "pictures", checks, instance)
        done_for_other = cluster_store.job_after_kill([first, second], folder / "photos", checks, instance)
        for host in (first, second):
            checks.expect("what mediad reconcile finds", cluster_rivals.reconcile(host), 0)
    name = "two hosts, one S3 store"
    report.measure(
        GROUP, f"{name}: right taken back, file given out for up to", [max(taken_back.values())], "s",
        limit=cluster_store.DECISIONS)
    report.measure(GROUP, f"{name}: host killed, upload in pieces goes on", [goes_on], "s", limit=15)
    report.measure(GROUP, f"{name}: {cluster_store.PICTURES} pictures made", [done], "s")
    report.measure(GROUP, f"{name}: host's jobs killed, done by the other", [done_for_other], "s", limit=30)
    report.measure(
        GROUP, f"{name}: wrong answers of {checks.count}", [len(checks.faults)], "answers", limit=0)
