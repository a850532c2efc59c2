"""The platform's side of RabbitMQ, as NestJS's client speaks it: python3 rabbitmq_platform.py PORT QUEUE COMMAND…; prints JSON."""

import json
import os
import sys
import time
import uuid

import pika

PORT, QUEUE, COMMAND, *REST = sys.argv[1:]
REPLIES = "amq.rabbitmq.reply-to"


class Platform:
    def __init__(self):
        self.connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(PORT)))
        self.channel = self.connection.channel()
        # Declared beforehand, with the platform's arguments.
        arguments = {"x-message-ttl": int(os.environ["MESSAGE_LIFETIME"]), "x-max-retries": 3}
        self.channel.queue_declare(QUEUE, durable=True, arguments=arguments)
        self.answers = {}

    def listen(self):
        self.channel.basic_consume(REPLIES, self.take, auto_ack=True)

    def take(self, channel, method, properties, body):
        self.answers[properties.correlation_id] = json.loads(body)

    def send(self, body, id, reply_to=REPLIES, mode=1):
        properties = pika.BasicProperties(reply_to=reply_to, correlation_id=id, delivery_mode=mode)
        self.channel.basic_publish("", QUEUE, body, properties)

    def wait(self, id, seconds=60):
        end = time.monotonic() + seconds
        while id not in self.answers and time.monotonic() < end:
            self.connection.process_data_events(0.05)
        return self.answers.pop(id, None)

    def call(self, pattern, data):
        id = str(uuid.uuid4())
        self.send(json.dumps({"pattern": pattern, "data": data, "id": id}), id)
        return self.wait(id)


def buffer(data):
    return {"type": "Buffer", "data": list(data)}


def conversation(platform):
    platform.listen()
    text = (b"0123456789" * 100)
    staged = platform.call(
        "upload_file", {"buffer": buffer(text), "originalName": "x.txt", "mimeType": "text/plain"})
    created = platform.call("media.create", {
        "type": "DOCUMENT", "originalName": "x.txt", "mimeType": "text/plain", "size": 1000,
        "url": staged["response"]["url"], "userId": "u1"})
    answers = [
        staged, created, platform.call("media.findOne", created["response"]["id"]), platform.call("media.fly", {}),
        platform.call(json.dumps({"cmd": "media.findByUser"}), "u1"), platform.call({"cmd": "media.findOne"}, "c0")]
    platform.channel.queue_purge("media_queue.dead")
    platform.send("garbage", "g")
    answer = platform.wait("g")
    _, properties, body = platform.channel.basic_get("media_queue.dead", auto_ack=True)
    answers.append({"answer": answer, "body": body.decode(), "reason": properties.headers["x-reason"]})
    return answers


def publish(platform, user, count):
    """Requests that outlive the broker, whose answers go to a queue that does too."""
    platform.channel.queue_declare(f"{QUEUE}.{user}", durable=True)
    platform.channel.confirm_delivery()
    for number in range(int(count)):
        file = {"filename": f"{number:04}.txt", "mimetype": "text/plain", "buffer": buffer(f"{user} {number}".encode())}
        packet = {"pattern": "upload_file", "data": {"file": file, "userId": user}, "id": str(uuid.uuid4())}
        platform.send(json.dumps(packet), packet["id"], f"{QUEUE}.{user}", mode=2)


def update(platform, name, id):
    platform.channel.queue_declare(f"{QUEUE}.{name}", durable=True)
    packet = {"pattern": "media.update", "data": {"id": id, "metadata": {"a": 1}}, "id": str(uuid.uuid4())}
    platform.send(json.dumps(packet), packet["id"], f"{QUEUE}.{name}", mode=2)


def answers(platform, user):
    """By request; of one that was answered twice both answers are the same."""
    found = {}
    while True:
        method, properties, body = platform.channel.basic_get(f"{QUEUE}.{user}", auto_ack=True)
        if method is None:
            return found
        answer = json.loads(body)
        assert found.setdefault(properties.correlation_id, answer) == answer, (found[properties.correlation_id], answer)


def depth(platform):
    return platform.channel.queue_declare(QUEUE, passive=True).method.message_count


def find(platform, id):
    platform.listen()
    return platform.call("media.findOne", id)


def subscribe(platform, exchange, key):
    """A durable queue that gets the exchange's events from now on."""
    platform.channel.exchange_declare(exchange, "topic", durable=True)
    platform.channel.queue_declare(f"{QUEUE}.events", durable=True)
    platform.channel.queue_bind(f"{QUEUE}.events", exchange, key)


def events(platform):
    """What has come so far, each event once, in the order in which it first came; the queue keeps it."""
    found = {}
    while True:
        method, properties, body = platform.channel.basic_get(f"{QUEUE}.events")
        if method is None:
            return list(found.values())
        packet = json.loads(body)
        assert properties.type == method.routing_key == packet["pattern"] and properties.delivery_mode == 2
        assert set(packet) == {"pattern", "data"} and properties.content_type == "application/json"
        found.setdefault(properties.message_id, packet)


def large(platform, size):
    """A Buffer of so many bytes, as JSON.stringify writes it."""
    platform.listen()
    piece = b"A lecture's text, and more of it. " * 1000
    count, rest = divmod(int(size), len(piece))
    numbers = ",".join([",".join(map(str, piece))] * count + ([",".join(map(str, piece[:rest]))] if rest else []))
    data = '{"buffer":{"type":"Buffer","data":[' + numbers + ']},"originalName":"large.txt","mimeType":"text/plain"}'
    id = str(uuid.uuid4())
    platform.send(f'{{"pattern":"upload_file","data":{data},"id":"{id}"}}', id)
    return platform.wait(id)


if __name__ == "__main__":
    commands = [conversation, publish, update, answers, depth, find, subscribe, events, large]
    result = {command.__name__: command for command in commands}[COMMAND](Platform(), *REST)
    print(json.dumps(result))
