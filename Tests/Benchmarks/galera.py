"""A MariaDB Galera cluster on loopback, whose nodes die, hang, are cut off or fall behind, and come back."""

import contextlib
import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tools import Failure, end, free_port, note, output, start, wait_until

PACKAGES = ["galera-4", "mariadb-backup", "socat"]
DATABASE = "media"
USER = "media"
PASSWORD = "a-password-of-the-benchmark"
AS_ROOT = ["--user=root"] if os.getuid() == 0 else []
# All else is as Galera has it by itself: a node that is silent is given up after five seconds, one thread applies what others
# have written. A whole copy for a node that joins is made by mariabackup: rsync's daemon would write as nobody where all of
# this runs as root.
CONFIGURATION = """
[mariadbd]
datadir={folder}/data
socket={folder}/mariadb.sock
pid-file={folder}/mariadbd.pid
bind-address=127.0.0.1
port={port}
skip-name-resolve
performance-schema=off
character-set-server=utf8mb4
max-connections=500
innodb-buffer-pool-size=128M
innodb-flush-log-at-trx-commit=1
innodb-autoinc-lock-mode=2
binlog-format=ROW
wsrep-on=ON
wsrep-provider=/usr/lib/galera/libgalera_smm.so
wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{gcomm};ist.recv_addr=127.0.0.1:{ist};gcache.size=64M
wsrep-cluster-name=bench
wsrep-cluster-address=gcomm://{members}
wsrep-node-name=node{number}
wsrep-node-address=127.0.0.1:{gcomm}
wsrep-sst-method=mariabackup
wsrep-sst-auth=root:
wsrep-sst-receive-address=127.0.0.1:{sst}
"""
# Rows of one transaction that keeps the other nodes busy for some seconds.
BULK = 60_000


class Node:
    def __init__(self, number, folder):
        self.number = number
        self.name = f"node {number}"
        self.folder = folder
        self.port, self.gcomm, self.ist, self.sst = (free_port() for _ in range(4))
        self.address = f"127.0.0.1:{self.port}"
        self.command = ["mariadbd", f"--defaults-file={folder / 'my.cnf'}", *AS_ROOT]
        self.process = None

    # --- Its process ----------------------------------------------------------------------------------------------------

    def prepare(self, members):
        (self.folder / "data").mkdir(parents=True)
        (self.folder / "my.cnf").write_text(CONFIGURATION.format(**vars(self), members=members))

    def found(self):
        """Begins the cluster; the other nodes get their database from this one."""
        output(
            "mariadb-install-db", "--no-defaults", *AS_ROOT, f"--datadir={self.folder / 'data'}", "--skip-test-db",
            "--auth-root-authentication-method=normal")
        self.start("--wsrep-new-cluster")

    def start(self, *options):
        self.process = start([*self.command, *options], self.folder / "log")

    def come_back(self):
        """Joins after a crash with what it has, as Debian's service does; what it has missed it gets from the others."""
        result = subprocess.run([*self.command, "--wsrep-recover"], capture_output=True, text=True)
        position = re.search(r"Recovered position:?\s*([0-9a-f-]+:\d+)", result.stderr)
        if not position:
            raise Failure(f"{self.name} has no position to go on from: {result.stderr[-2000:]}")
        self.start(f"--wsrep-start-position={position[1]}")

    def kill(self):
        """Ends it without a word to the others."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.is_running:
            self.go_on()
            end(self.process, 30)

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    # --- What it says ---------------------------------------------------------------------------------------------------

    def sql(self, text, *database):
        """What it answers, line by line."""
        socket = f"--socket={self.folder / 'mariadb.sock'}"
        return output("mariadb", "--no-defaults", socket, "-u", "root", "-N", "-r", *database, input=text).splitlines()

    def sql_in_step(self, text):
        """The same of the service's database, once it has applied what the others have committed."""
        return self.sql(f"SET SESSION wsrep_sync_wait = 15; {text}", DATABASE)

    def status(self, name):
        return self.sql(f"SHOW GLOBAL STATUS LIKE '{name}'")[0].split("\t")[1]

    def takes_part(self, count):
        """Whether it is in step, in a cluster of so many nodes."""
        if not self.is_running:
            raise Failure(f"{self.name} ended: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
        try:
            return (self.status("wsrep_local_state_comment") == "Synced" and self.status("wsrep_ready") == "ON"
                    and int(self.status("wsrep_cluster_size")) == count)
        except Failure:
            return False

    def hang(self):
        """Takes its processors away: clients and the other nodes get no answer and no refusal."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def cut_off(self, isolated=True):
        """Takes it off the net that the nodes have between them, or puts it back; clients reach it all the time."""
        self.sql(f"SET GLOBAL wsrep_provider_options = 'gmcast.isolate={int(isolated)}'")

    def write_much(self):
        """One large transaction: the other nodes are behind for the seconds that it takes them."""
        self.sql("""
            CREATE DATABASE IF NOT EXISTS bulk;
            CREATE OR REPLACE TABLE bulk.numbers (a INT PRIMARY KEY, b CHAR(64), c CHAR(128), KEY (b), KEY (c));
        """)
        self.sql(f"INSERT INTO numbers SELECT seq, MD5(seq), SHA2(seq, 256) FROM seq_1_to_{BULK}", "bulk")


class Galera:
    def __init__(self, repository, folder, count=3):
        self.repository = repository
        self.nodes = [Node(number, folder / str(number)) for number in range(1, count + 1)]

    def __enter__(self):
        output("bash", "-c", f". {self.repository}/deploy/lib.sh; install_packages {' '.join(PACKAGES)}")
        note(f"starting a Galera cluster of {len(self.nodes)} nodes")
        with contextlib.ExitStack() as stack:
            for node in self.nodes:
                node.prepare(",".join(f"127.0.0.1:{node.gcomm}" for node in self.nodes))
                stack.callback(node.stop)
            first, *others = self.nodes
            first.found()
            self.wait([first])
            for node in others:
                node.start()
                self.wait(self.nodes[:node.number])
            first.sql(f"""
                CREATE DATABASE {DATABASE};
                CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';
                GRANT ALL ON {DATABASE}.* TO {USER}@'%';
            """)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def wait(self, nodes=None):
        """Until all nodes, or those named, make up the cluster and are in step."""
        nodes = nodes or self.nodes
        wait_until(lambda: all(node.takes_part(len(nodes)) for node in nodes), 120, "the cluster isn't complete")

    def settings(self, first=0):
        """Settings of a service that turns to one node, and to the others in turn where that one is away.

        MariaDB's client library takes a list of hosts with their ports, and connects to the first that lets it.
        """
        nodes = self.nodes[first:] + self.nodes[:first]
        return {
            "MEDIA_DATABASE_HOST": ",".join(node.address for node in nodes), "MEDIA_DATABASE_USER": USER,
            "MEDIA_DATABASE_PASSWORD": PASSWORD, "MEDIA_DATABASE_NAME": DATABASE}

    def used(self):
        """The node that the service has most of its connections to."""
        count = f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{USER}'"
        return max((node for node in self.nodes if node.is_running), key=lambda node: int(node.sql(count)[0]))

    def differing_tables(self):
        """The tables that have other rows on one node than on another."""
        tables = self.nodes[0].sql("SHOW TABLES", DATABASE)
        checksums = f"CHECKSUM TABLE {', '.join(tables)};"
        counts = " ".join(f"SELECT '{DATABASE}.{table}', COUNT(*) FROM {table};" for table in tables)
        with ThreadPoolExecutor(len(self.nodes)) as threads:
            answers = [set(lines) for lines in threads.map(lambda node: node.sql_in_step(checksums + counts), self.nodes)]
        return sorted({line.split("\t")[0] for answer in answers for line in answer ^ answers[0]})
