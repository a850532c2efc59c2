"""Downloads with a user's token, which both sides verify once and then know by its text, against the same in C."""

import os

import credentials
import load
import sameness
from credentials import token

GROUP = "tokens"
# A decision for each request, as the C program makes it.
SETTINGS = {"MEDIA_DECISION_CACHE": "0"}


def run(instance, peers, rounds, report):
    record = instance.upload(os.urandom(5120).hex().encode(), "token.txt", "text/plain")
    path, secret = f"/m/{record['id']}", instance.token_secret
    sameness.check(instance, peers, cases(secret, path, record["userId"]))
    fields = bearer(token(secret, sub=record["userId"], roles=["STUDENT"]))
    rates, costs = load.compare_with_c(instance, peers, path, fields, rounds)
    load.report_with_c(report, GROUP, "private file, 10 KB, owner's token", rates, costs, goal=0.85)
    instance.delete(record)


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


def cases(secret, path, owner):
    good = token(secret, sub=owner)
    return [
        # Twice: not known yet, and known.
        ("GET", path, bearer(good), 200),
        ("GET", path, bearer(good), 200),
        ("HEAD", path, bearer(good), 200),
        ("GET", path, {"Cookie": f"media_token={good}"}, 200),
        ("GET", path, bearer(token(secret, sub="other", roles=["STUDENT", "ADMIN"])), 200),
        ("GET", path, bearer(token(secret, sub="other", roles=["STUDENT"])), 404),
        ("GET", "/m/c" + "0" * 24, bearer(good), 404),
        ("GET", path, bearer(token(secret, sub=owner, exp=1)), 401),
        ("GET", path, bearer(token(secret, sub=owner, nbf=4_000_000_000)), 401),
        ("GET", path, bearer(token(secret, sub=owner, aud="other")), 401),
        ("GET", path, bearer(token(secret, roles=["ADMIN"])), 401),
        ("GET", path, bearer(token(secret, "none", sub=owner)), 401),
        ("GET", path, bearer(token(secret[::-1], sub=owner)), 401),
        ("GET", path, bearer(credentials.altered(good)), 401),
        ("GET", path, bearer(good.rpartition(".")[0]), 401),
        ("GET", path, bearer("a.b.c"), 401),
        ("GET", path, {"Cookie": f"media_token={credentials.altered(good)}"}, 401),
    ]
