"""The platform's messages: media.findOne over HTTP against the same in C, and over RabbitMQ against a program that answers each
message with a text; and events on their way out."""

import contextlib
import json
import os
import pathlib
import time

import load
import sameness
from broker import Broker
from memory_group import rollup
from tools import end, note, processor_seconds, start, wait_until

GROUP = "rpc"
SCRIPT = pathlib.Path(__file__).parent / "rpc.lua"
SECONDS = 4
# Requests that wait for their answers at the same time.
WINDOW = 64
EVENTS = 100_000


def run(instance, peers, rounds, report):
    record = instance.upload(os.urandom(512).hex().encode(), "call.txt", "text/plain")
    body = json.dumps({"pattern": "media.findOne", "data": record["id"], "id": "8e03978e-40d5-43dd-bc93-6894a57f9324"})
    over_http(instance, peers, body, rounds, report)
    with Broker(peers.folder / "broker") as broker:
        over_rabbitmq(instance, peers, broker, body, rounds, report)
        events(instance, peers, broker, record, report)
    instance.delete(record)


def over_http(instance, peers, body, rounds, report):
    fields = {"Authorization": instance.authorization, "Content-Type": "application/json"}
    unknown = [json.dumps({"pattern": "media.findOne", "data": "c" + "0" * 24, "id": "1"}),
               json.dumps({"pattern": "media.fly", "data": {}, "id": "1"})]
    for packet in [body, *unknown]:
        sameness.check(instance, peers, [("POST", "/v1/rpc", fields, 200)], packet)
    targets = {
        name: [*load.target(url + "/v1/rpc", {"Authorization": instance.authorization}), "-s", SCRIPT, "--", body]
        for name, url in [("ours", instance.url), ("C", peers.url)]}
    rates, costs = load.take_turns(targets, rounds, {"ours": instance.busy(), "C": peers.busy()})
    load.report_with_c(report, GROUP, "media.findOne over HTTP", rates, costs, goal=0.9)


@contextlib.contextmanager
def bridge(instance, peers, broker):
    """A `mediad bridge` that takes messages of the queue `bench`."""
    environment = instance.settings_file(
        peers.folder / "bridge.env", MEDIA_AMQP_URL=broker.url, MEDIA_AMQP_QUEUE="bench", MEDIA_AMQP_EXCHANGE="bench_events")
    log = peers.folder / "log/bridge.log"
    process = start([instance.mediad, "bridge"], log, env=environment)
    try:
        wait_until(lambda: log.read_text().count("connected to the broker") >= 4, 10, "the bridge doesn't connect")
        yield process
    finally:
        end(process)
        log.unlink()


def over_rabbitmq(instance, peers, broker, body, rounds, report):
    request, answer = peers.folder / "request", peers.folder / "answer"
    request.write_text(body)
    answer.write_text(json.dumps(instance.call("POST", "/v1/rpc", body), separators=(",", ":")))
    ours, theirs, costs = [], [], []
    for round in range(rounds):
        with bridge(instance, peers, broker) as process:
            broker.run("call", "bench", 1, WINDOW, request)
            busy = [process.pid, instance.process("mariadb")]
            before = processor_seconds(busy)
            ours.append(float(broker.run("call", "bench", SECONDS, WINDOW, request)))
            costs.append((processor_seconds(busy) - before) / (ours[-1] * SECONDS) * 1e6)
        # As many connections and messages ahead as the bridge has.
        with broker.running("echo", "bench", 4, 16, answer):
            broker.run("call", "bench", 1, WINDOW, request)
            theirs.append(float(broker.run("call", "bench", SECONDS, WINDOW, request)))
        note(f"round {round + 1} of {rounds}: bridge {ours[-1]:,.0f}/s, echo {theirs[-1]:,.0f}/s")
    report.compare(
        GROUP, "media.findOne over RabbitMQ", ours, theirs, "raw publish and consume", "requests/s", goal=0.5)
    report.measure(GROUP, "the same: bridge and MariaDB", costs, "CPU µs/request")


def events(instance, peers, broker, record, report):
    note(f"{EVENTS:,} events")
    data = json.dumps(record, separators=(",", ":")).replace("'", "''")
    instance.sql(
        f"""INSERT INTO outbox (target_id, event_id, type, media_id, data, created_at, queued_at)
        SELECT 0, CONCAT('evt_', LPAD(HEX(seq), 32, '0')), 'media.updated', '{record["id"]}', '{data}', NOW(3), NOW(3)
        FROM seq_1_to_{EVENTS}""")
    with broker.running("drain", "bench_events", EVENTS) as drain:
        drain.stdout.readline()
        begin = time.monotonic()
        with bridge(instance, peers, broker) as process:
            wait_until(lambda: left(instance) <= EVENTS * 9 // 10, 120, "no event goes out")
            early = rollup(process.pid, "Rss")
            wait_until(lambda: left(instance) == 0, 600, "not all events go out")
            seconds = time.monotonic() - begin
            late = rollup(process.pid, "Rss")
            drain.wait(20)
    report.measure(GROUP, "events to an exchange, confirmed", [EVENTS / seconds], "events/s")
    report.measure(GROUP, "bridge, after the last of 100,000 events less after 10,000", [late - early], "MB", limit=1)


def left(instance):
    return int(instance.sql("SELECT COUNT(*) FROM outbox WHERE target_id = 0 AND settled_at IS NULL")[0])
