"""TLS in front of another server, and a name server that knows the hosts: tls_front.py FOLDER TARGET HOST.

Bytes go on to TARGET (a URL) as they come. HOST and what is below it are at 127.0.0.1, for whoever asks the name server. The
certificate is HOST's, of an authority of its own. While there is a file FOLDER/stranger, the certificate is of an authority that nobody
knows; while there is FOLDER/misnamed, it is of the known one and another host's; connections of before end then. FOLDER/silent: the
name server answers nothing.

It says `{"endpoint": …, "authority": FILE, "resolver": ADDRESS:PORT}`.
"""

import contextlib
import json
import pathlib
import selectors
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

FOLDER, TARGET, HOST = pathlib.Path(sys.argv[1]), urlsplit(sys.argv[2]), sys.argv[3]
LOOPBACK = "127.0.0.1"
CHUNK = 1 << 18


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=FOLDER)


def make_authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_context(name, authority, host):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=server",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (FOLDER / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / f"{name}.pem", FOLDER / f"{name}.key")
    return context


def make_contexts():
    make_authority("authority")
    make_authority("unknown")
    return {"good": make_context("good", "authority", HOST), "stranger": make_context("stranger", "unknown", HOST),
            "misnamed": make_context("misnamed", "authority", "elsewhere.example")}


def mode():
    return next((name for name in ("stranger", "misnamed") if (FOLDER / name).exists()), "good")


class Front:
    def __init__(self):
        self.contexts = make_contexts()
        self.listener = socket.create_server((LOOPBACK, 0), backlog=128)
        self.names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.names.bind((LOOPBACK, 0))
        self.open = set()

    def run(self):
        for work in (self.accept, self.answer_names, self.end_outdated):
            threading.Thread(target=work, daemon=True).start()
        port = self.listener.getsockname()[1]
        print(json.dumps({
            "endpoint": f"https://{HOST}:{port}", "authority": str(FOLDER / "authority.pem"),
            "resolver": f"{LOOPBACK}:{self.names.getsockname()[1]}"}), flush=True)
        sys.stdin.read()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = mode()
        with contextlib.suppress(OSError), contextlib.closing(client):
            client.settimeout(30)
            with self.contexts[started].wrap_socket(client, server_side=True) as secure, \
                    socket.create_connection((TARGET.hostname, TARGET.port)) as server:
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                entry = (started, secure, server)
                self.open.add(entry)
                try:
                    self.tunnel(secure, server)
                finally:
                    self.open.discard(entry)

    def tunnel(self, secure, server):
        with selectors.DefaultSelector() as selector:
            selector.register(secure, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, secure)
            while True:
                for key, _ in selector.select():
                    while True:
                        data = key.fileobj.recv(CHUNK)
                        if not data:
                            return
                        key.data.sendall(data)
                        # What has been decrypted already wakes no selector.
                        if key.fileobj is not secure or not secure.pending():
                            break

    def end_outdated(self):
        while True:
            time.sleep(0.02)
            now = mode()
            for started, secure, server in list(self.open):
                if started != now:
                    for side in (secure, server):
                        with contextlib.suppress(OSError):
                            socket.socket.shutdown(side, socket.SHUT_RDWR)

    def answer_names(self):
        """RFC 1035, section 4: an A record for what is known, none of another type, and NXDOMAIN for others."""
        while True:
            query, asker = self.names.recvfrom(512)
            if (FOLDER / "silent").exists():
                continue
            labels, position = [], 12
            while query[position]:
                labels.append(query[position + 1:position + 1 + query[position]].decode().lower())
                position += 1 + query[position]
            question = query[12:position + 5]
            kind = struct.unpack("!H", query[position + 1:position + 3])[0]
            name = ".".join(labels)
            known = name == HOST or name.endswith("." + HOST)
            answers = b"" if not known or kind != 1 else \
                struct.pack("!HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(LOOPBACK)
            head = query[:2] + struct.pack("!HHHHH", 0x8580 | (0 if known else 3), 1, 1 if answers else 0, 0, 0)
            self.names.sendto(head + question + answers, asker)


Front().run()
