"""Starts a private OpenStack Swift with its S3 API on loopback: one of each server, one replica, tempauth.

Usage: python3 swift_s3api.py FOLDER ACCESS_KEY SECRET_KEY (private_server.py says what happens then).
Needs Debian's swift-proxy, swift-account, swift-container, swift-object and memcached, and below FOLDER a file system
with extended attributes. Buckets are also found by host name, as NAME.localhost.
"""

import array
import gzip
import json
import os
import pwd
import struct
import sys

sys.dont_write_bytecode = True
from private_server import Failure, free_ports, main  # noqa: E402

# One process imports what the four servers share, then forks them. The commands of the packages would not do anyway:
# they read /etc/swift/swift.conf whatever they are told.
LAUNCHER = """
import ctypes, os, signal, sys
from swift.common import utils
folder, *sections = sys.argv[1:]
utils.set_swift_dir(folder)
utils.eventlet_monkey_patch()
from swift.common.wsgi import run_wsgi
import swift.account.server, swift.container.server, swift.obj.server, swift.proxy.server

launcher = os.getpid()
for section in sections:
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != launcher:
            os._exit(1)
        sys.exit(run_wsgi(f"{folder}/{section}.conf", section, verbose=True))
os.wait()
sys.exit("a server has ended")
"""

# Without workers the servers fork no process that would outlive them. The times leave room for a busy machine.
DEFAULTS = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
db_preallocation = off
log_address = {folder}/no-syslog
conn_timeout = 5
node_timeout = 60
container_update_timeout = 60
"""

STORE = DEFAULTS + """
[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = DEFAULTS + """
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api keyauth bulk copy slo dlo versioned_writes symlink
  proxy-logging proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 5
node_timeout = 60
error_suppression_limit = 1000000

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached_port}

[filter:s3api]
use = egg:swift#s3api
location = {region}
storage_domain = localhost
max_upload_part_num = 10000
auth_pipeline_check = false

[filter:keyauth]
paste.filter_factory = keyauth:filter_factory

[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
# Nothing here would carry out a delayed deletion.
allow_async_delete = false
"""
FILTERS = [
    "catch_errors", "gatekeeper", "listing_formats", "bulk", "copy", "dlo", "versioned_writes", "symlink",
    "proxy-logging",
]

# Left to its configuration, tempauth has access keys of the form ACCOUNT:USER only. It replaces the access key in the
# path with the account, more than once for some requests, so that only an account of the same name is safe.
KEYAUTH = """
from swift.common.middleware.tempauth import TempAuth

def filter_factory(global_conf, **conf):
    def keyauth(app):
        auth = TempAuth(app, {{**conf, "reseller_prefix": "''"}})
        access_key = {access_key!r}
        auth.users = {{access_key: {{"key": {secret_key!r}, "url": "$HOST/v1/" + access_key, "groups": [".admin"]}}}}
        return auth
    return keyauth
"""

CONSTANTS = """
[swift-hash]
swift_hash_path_suffix = private

[swift-constraints]
# As much as S3 takes.
max_meta_value_length = 2048
"""


def write_ring(server, kind, port):
    """Writes what swift-ring-builder makes in three runs: all partitions on the only device."""
    address = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    device = {"id": 0, "region": 1, "zone": 1, "device": "disk", "weight": 1.0, "meta": "", **address}
    ring = json.dumps(
        {"devs": [device], "part_shift": 28, "replica_count": 1, "byteorder": sys.byteorder, "version": 1}).encode()
    with gzip.open(server.path(f"{kind}.ring.gz"), "wb") as file:
        file.write(struct.pack("!4sHI", b"R1NG", 1, len(ring)) + ring + array.array("H", [0] * 16).tobytes())


def start(server):
    kinds = ["account", "container", "object"]
    server.port, memcached_port, *ports = free_ports(5)
    disk = server.make_folder("devices", "disk")
    try:
        os.setxattr(disk, "user.try", b"")
    except OSError as error:
        raise Failure(f"{disk} has no extended attributes") from error
    user = pwd.getpwuid(os.getuid()).pw_name
    settings = {"folder": server.folder, "user": user, "region": server.region, "memcached_port": memcached_port}
    filters = "".join(f"\n[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}\n" for name in FILTERS)
    server.write("swift.conf", CONSTANTS)
    server.write("keyauth.py", KEYAUTH.format(access_key=server.access_key, secret_key=server.secret_key))
    server.write("proxy-server.conf", PROXY.format(port=server.port, **settings) + filters)
    server.start(
        "memcached", "memcached", "-u", user, "-l", "127.0.0.1", "-p", str(memcached_port), "-U", "0", "-m", "16",
        "-t", "1")
    for kind, port in zip(kinds, ports):
        write_ring(server, kind, port)
        server.write(f"{kind}-server.conf", STORE.format(kind=kind, port=port, **settings))
    sections = [f"{kind}-server" for kind in [*kinds, "proxy"]]
    server.start("swift", "/usr/bin/python3", "-c", LAUNCHER, server.folder, *sections)
    for port in [memcached_port, *ports]:
        server.wait_for_port(port)


if __name__ == "__main__":
    main(start)
