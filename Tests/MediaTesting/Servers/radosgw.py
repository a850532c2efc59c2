"""Starts a private one-node Ceph with its S3 gateway on loopback.

Usage: python3 radosgw.py FOLDER ACCESS_KEY SECRET_KEY (private_server.py says what happens then).
Needs the commands of Debian's radosgw, ceph-mon and ceph-osd. Objects are kept in memory, up to
6 GiB of them, and take twice their size there. Buckets are also found by host name, as NAME.localhost. There are two
storage classes, STANDARD and STANDARD_IA.
"""

import sys
import uuid

sys.dont_write_bytecode = True
from private_server import free_ports, main  # noqa: E402

CONFIGURATION = """
[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{mon_port}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
run_dir = {folder}
crash_dir = {folder}
admin_socket =
pid_file =
log_file =
log_to_stderr = true
err_to_stderr = true

# Without cephx nobody needs a key; the gateway's default of a secure connection would need one.
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc

# The gateway creates seven pools when first used, and each waits for the monitor's rounds, by default 1 s apart.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mon_data = {folder}/mon
mon_data_avail_crit = 0
mon_data_avail_warn = 0
mon_allow_pool_size_one = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0

osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 6442450944

rgw_data = {folder}
rgw_frontends = beast endpoint=127.0.0.1:{port}
rgw_dns_name = localhost
rgw_thread_pool_size = 32
rgw_rados_pool_pg_num_min = 1
rgw_num_control_oids = 1
rgw_data_log_num_shards = 1
rgw_lc_max_objs = 1
rgw_run_sync_thread = false
# Encryption headers are otherwise taken on TLS only.
rgw_crypt_require_ssl = false
# Deleted objects would hold their memory for two hours.
rgw_gc_max_objs = 1
rgw_gc_obj_min_wait = 30
rgw_gc_processor_period = 30
"""


def start(server):
    mon_port, server.port = free_ports(2)
    fsid = str(uuid.uuid4())
    server.write(
        "ceph.conf", CONFIGURATION.format(folder=server.folder, fsid=fsid, mon_port=mon_port, port=server.port))
    for name in ["mon", "osd"]:
        server.make_folder(name)
    options = ["--conf", server.path("ceph.conf")]
    monmap = server.path("monmap")
    server.run(
        "setup", "monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", monmap)
    server.run("setup", "ceph-mon", *options, "-i", "a", "--mkfs", "--monmap", monmap)
    server.start("mon", "ceph-mon", *options, "-i", "a", "-f")
    server.run(
        "setup", "ceph-osd", *options, "-i", "0", "--mkfs", "--no-mon-config", "--osd-uuid", str(uuid.uuid4()))
    server.start("osd", "ceph-osd", *options, "-i", "0", "-f")
    # A pool that is older than its OSD waits for the monitor's next tick, some seconds.
    server.wait_for_log("osd", "booting -> active")
    server.run(
        "setup", "radosgw-admin", *options, "user", "create", "--uid=media", "--display-name=media",
        f"--access-key={server.access_key}", f"--secret-key={server.secret_key}")
    placement = ["placement", "add", "--placement-id=default-placement", "--storage-class=STANDARD_IA"]
    server.run("setup", "radosgw-admin", *options, "zonegroup", *placement, "--rgw-zonegroup=default")
    server.run(
        "setup", "radosgw-admin", *options, "zone", *placement, "--rgw-zone=default",
        "--data-pool=default.rgw.buckets.data")
    server.start("radosgw", "radosgw", *options, "-n", "client.rgw", "-f")


if __name__ == "__main__":
    main(start)
