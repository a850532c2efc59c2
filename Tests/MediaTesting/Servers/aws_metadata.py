"""Where Amazon's credentials come from, in imitation: aws_metadata.py FOLDER.

IMDSv2 below /latest/, a container's agent at /container (which wants the token `container-token`), and STS at / for
AssumeRoleWithWebIdentity with the token `web-token`. Each time the keys have another number; they end after as many seconds as the
file FOLDER/seconds says (600 without it). While there is a file FOLDER/away all answers are 500.
"""

import datetime
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

FOLDER = sys.argv[1]
COUNT = [0]


def keys():
    COUNT[0] += 1
    path = os.path.join(FOLDER, "seconds")
    seconds = int(open(path).read()) if os.path.exists(path) else 600
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return "AKID%d" % COUNT[0], "secret%d" % COUNT[0], "session%d" % COUNT[0], end.strftime("%Y-%m-%dT%H:%M:%SZ")


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        if os.path.exists(os.path.join(FOLDER, "away")):
            status, text = 500, "away"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def role(self):
        key, secret, session, end = keys()
        return json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret, "Token": session, "Expiration": end})

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        good = self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        self.answer(200 if good else 400, "imds-token")

    def do_GET(self):
        if self.path == "/container":
            good = self.headers.get("Authorization") == "container-token"
            return self.answer(200 if good else 401, self.role() if good else "")
        if self.headers.get("X-aws-ec2-metadata-token") != "imds-token":
            return self.answer(401, "")
        if self.path == "/latest/meta-data/iam/security-credentials/":
            return self.answer(200, "media-role")
        good = self.path == "/latest/meta-data/iam/security-credentials/media-role"
        self.answer(200 if good else 404, self.role() if good else "")

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        wanted = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/media",
                  "WebIdentityToken": "web-token"}
        if any(form.get(name) != [value] for name, value in wanted.items()) or "RoleSessionName" not in form:
            return self.answer(400, "<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>")
        key, secret, session, end = keys()
        self.answer(200, (
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>%s</AccessKeyId>"
            "<SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>"
            "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>") % (key, secret, session, end))

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"endpoint": "http://127.0.0.1:%d" % server.server_address[1]}), flush=True)
sys.stdin.read()
