"""PHP-FPM in the place of the service's workers: see peer_php/."""

import os
import pathlib
import shutil

from instance import Instance
from peers import replace
from web_peer import WebPeer, file_types

HERE = pathlib.Path(__file__).parent
PROGRAM = "php-fpm8.2"


class PHP(WebPeer):
    name = "php"
    title = "PHP-FPM"

    @property
    def store(self):
        """Where uploads go: on the disk of the service's store, and none of it."""
        return self.folder / "store"

    def prepare(self, stack):
        shutil.copytree(HERE / "peer_php", self.folder / "program")
        types = file_types(self.instance.repository)
        (self.folder / "program/types.php").write_text(
            "<?php\nreturn [" + ", ".join(f"'{name}' => ['{extension}', {str(inline).lower()}]"
                                         for name, (extension, inline) in types.items()) + "];\n")
        for folder in ["staging", *(f"objects/{number:02x}" for number in range(256))]:
            (self.store / folder).mkdir(parents=True)
        make_database(self.instance)
        stack.callback(self.instance.sql, "DROP DATABASE peer")
        (self.folder / "fpm.conf").write_text(self.settings())

    @staticmethod
    def upload_target(name):
        return Instance.upload_target(name).replace("/v1/media", "/upload")

    def blob(self, record):
        return self.store / "objects" / Instance.blob_name(record)

    def stored(self):
        """How many files, blobs and records it has."""
        rows = self.instance.sql("SELECT COUNT(*) FROM peer.blobs; SELECT COUNT(*) FROM peer.media")
        return sum(1 for _ in self.store.glob("objects/*/*/*")), *map(int, rows)

    def settings(self):
        # As many as the C program has threads.
        children = self.peers.workers * self.peers.threads
        # Only root can, and has to, say whose processes they are.
        user = "user = root\ngroup = root\n" if os.getuid() == 0 else ""
        return (
            f"[global]\nerror_log = {self.folder}/log/fpm.log\ndaemonize = no\n"
            f"[peer]\n{user}listen = {self.socket}\nlisten.mode = 0600\nlisten.backlog = 1024\n"
            f"pm = static\npm.max_children = {children}\nclear_env = no\n")

    def command(self):
        # In production nobody looks for changes of the program.
        values = [
            "opcache.enable=1", "opcache.validate_timestamps=0", "expose_php=0", "mysqli.allow_persistent=1",
            f"sys_temp_dir={self.folder}/tmp"]
        root = ["--allow-to-run-as-root"] if os.getuid() == 0 else []
        return [PROGRAM, "--fpm-config", self.folder / "fpm.conf", *(word for value in values for word in ("-d", value)), *root]

    def variables(self):
        return {**super().variables(), "PEER_STORE": str(self.store)}

    def adapt(self, target):
        with open(target / "media/worker.conf", "a") as file:
            file.write(f"fastcgi_param SCRIPT_FILENAME {self.folder}/program/index.php;\n")
        docs = "    include media/docs.conf;"
        replace(target / "media.conf", docs, f"    include {self.folder}/program/nginx.conf;\n{docs}")


def make_database(instance):
    """The tables that an upload writes, as the service has them."""
    instance.sql("""
        DROP DATABASE IF EXISTS peer;
        CREATE DATABASE peer;
        GRANT ALL ON peer.* TO media@localhost;
        CREATE TABLE peer.blobs LIKE media.blobs;
        CREATE TABLE peer.media LIKE media.media;
        ALTER TABLE peer.media ADD CONSTRAINT media_blob FOREIGN KEY (sha256) REFERENCES peer.blobs (sha256);
    """)
