"""What is asked about many records, and how long the answers take."""

import datetime
import http.client
import json
import pathlib
import random
import time
import urllib.parse
from dataclasses import dataclass

import load
from credentials import base64url
from population import RARE_WORD
from tools import Failure, note

HERE = pathlib.Path(__file__).parent
LIMIT = 20
# Milliseconds that an answer may take.
LONGEST = 50
# Seconds: what takes longer is asked once a round, and not as often as goes.
LONG = 0.2
DEPTH = 1_000_000
# A page may cost so much more there.
GOAL = 1 / 1.1
DAY = 86_400_000
# Records, users and entities that are asked for in turn.
SOME = 50_000


@dataclass
class Question:
    paths: list[str]
    # Of a message, which goes to one path.
    body: str | None = None
    # Whether a thousand records say how much of the time is theirs.
    is_compared: bool = False

    def ask(self, instance):
        """The seconds that one answer takes, and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=600)
        fields = {"Authorization": instance.authorization, "Content-Type": "application/json"}
        path = random.choice(self.paths)
        start = time.monotonic()
        connection.request("POST" if self.body else "GET", path, self.body, fields)
        response = connection.getresponse()
        answer = response.read()
        seconds = time.monotonic() - start
        connection.close()
        if response.status != 200:
            raise Failure(f"{path} was answered with {response.status}: {answer.decode()}")
        return seconds, json.loads(answer)

    def milliseconds(self, instance, file):
        seconds, _ = self.ask(instance)
        if seconds > LONG:
            return 1000 * seconds
        words = load.target(instance.url + self.paths[0], {"Authorization": instance.authorization})
        if self.body:
            return 1000 / load.rate([*words, "-s", HERE / "rpc.lua", "--", self.body], 1)
        file.write_text("".join(f"{path}\n" for path in self.paths))
        return 1000 / load.rate([*words, "-s", HERE / "paths.lua", "--", file], 1)


def about(records):
    """The questions about a population, by name."""

    def some(count, avoid=lambda number: False):
        numbers = (random.randrange(1, count) for _ in range(min(SOME, 4 * count)))
        return [number for number in numbers if not avoid(number)]

    def files(is_compared=False, **query):
        return Question([pages("/v1/media", **query)], is_compared=is_compared)

    depth = min(DEPTH, records.count // 2)
    largest = f"/v1/users/{records.user(0)}/media"
    common, other = records.word(0), records.word(1)
    last_week = moment(records.moment(records.count) - 7 * DAY)
    message = {"pattern": "get_media_stats", "data": {}, "id": "1"}
    return {
        "findOne": Question(
            [f"/v1/media/{records.id(number)}" for number in some(records.count, records.is_deleted)], is_compared=True),
        "findByUser, some hundred files": Question(
            [pages(f"/v1/users/{records.user(number)}/media") for number in some(records.users)], is_compared=True),
        "findByUser, a tenth of all files": Question([pages(largest)], is_compared=True),
        "findByUser, a tenth of all files, type=VIDEO": Question([pages(largest, type="VIDEO")]),
        "findByUser, a tenth of all files, sort=-size": Question([pages(largest, sort="-size")]),
        "findByUser, thousands of files, status=FAILED, sort=-updatedAt": Question(
            [pages(f"/v1/users/{records.user(1)}/media", status="FAILED", sort="-updatedAt")]),
        "findByEntity, 1 to 50 files": Question(
            [pages("/v1/entities/{}/{}/media".format(*records.entity(number))) for number in some(records.entities)],
            is_compared=True),
        "findAll": files(is_compared=True),
        "findAll, page=1000": files(page=1000),
        f"findAll, page={depth // LIMIT} at {depth:,}": files(page=depth // LIMIT),
        "type=VIDEO": files(type="VIDEO", is_compared=True),
        "status=FAILED": files(status="FAILED", is_compared=True),
        "status=DELETED": files(status="DELETED", is_compared=True),
        "type=OTHER&status=PROCESSING": files(type="OTHER", status="PROCESSING"),
        "type=OTHER&status=FAILED&isPublic=true": files(type="OTHER", status="FAILED", isPublic="true"),
        "isPublic=true": files(isPublic="true", is_compared=True),
        "minSize=1 MB": files(minSize=10**6, is_compared=True),
        "minSize=4 GB": files(minSize=4 * 10**9),
        "minSize= that sixty have": files(minSize=records.size_of_largest(60)),
        "createdFrom= a week before the newest": files(createdFrom=last_week),
        "createdFrom= a week before the newest, sort=updatedAt": files(createdFrom=last_week, sort="updatedAt"),
        "createdBefore= a week behind the oldest": files(createdBefore=moment(records.moment(0) + 7 * DAY)),
        "createdFrom=, createdBefore= of a month": files(
            createdFrom=moment(records.moment(0) + 300 * DAY), createdBefore=moment(records.moment(0) + 330 * DAY)),
        "sort=-updatedAt": files(sort="-updatedAt", is_compared=True),
        "sort=-size": files(sort="-size", is_compared=True),
        "sort=name": files(sort="name", is_compared=True),
        "name= in ten names": files(name=RARE_WORD[1:-1], is_compared=True),
        "name= in many names": files(name=common),
        "search= a word of ten records": files(search=RARE_WORD, is_compared=True),
        "search= a word of many": files(search=common),
        "search= two words of many": files(search=f"{common} {other}"),
        "search= a word and an ending": files(search=f"{other} pdf"),
        "search= an ending": files(search="pdf"),
        "search= a word of many, of one user": Question([pages(f"/v1/users/{records.user(1)}/media", search=common)]),
        "usage": Question([f"/v1/users/{records.user(number)}/usage" for number in some(records.users)], is_compared=True),
        "get_media_stats, all": Question(["/v1/rpc"], json.dumps(message), is_compared=True),
        "get_media_stats, a tenth of all files": Question(
            ["/v1/rpc"], json.dumps({**message, "data": {"userId": records.user(0)}})),
    }


def pages(path, **query):
    return f"{path}?" + urllib.parse.urlencode({"limit": LIMIT, **query})


def moment(milliseconds):
    return f"{datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def run(group, many, few, plans, file, rounds, report):
    random.seed(1)
    small = about(few)
    for name, question in about(many).items():
        note(name)
        check(question, many.instance)
        times, others = [], []
        for _ in range(rounds):
            times.append(question.milliseconds(many.instance, file))
            if question.is_compared:
                others.append(small[name].milliseconds(few.instance, file))
        note(f"    {times[-1]:,.2f} ms" + (f", of {few.count:,} records {others[-1]:,.2f} ms" if others else ""))
        plans.show()
        report.measure(group, name, times, "ms/request", LONGEST)
        if others:
            report.compare(group, name, times, others, f"{few.count:,} records", "ms/request", more_is_better=False)


def check(question, instance):
    """There is something in each answer; and who asks first finds nothing at hand."""
    seconds, answer = question.ask(instance)
    found = answer.get("response") if question.body else answer.get("media", answer)
    if not found:
        raise Failure(f"{question.paths[0]} {question.body or ''}: nothing was found")
    note(f"    {1000 * seconds:,.0f} ms the first time" + (f", {answer['total']:,} in all" if "total" in answer else ""))


# --- Depth ---------------------------------------------------------------------------------------------------------------


def depths(group, records, rounds, report):
    """Pages by cursor far behind the first one, and at the start, where nothing is counted either."""
    depth = min(DEPTH, records.count // 2)
    behind = records.id(records.count - depth)
    lists = {
        "findAll": ("/v1/media", {}, f"c{'z' * 24}", behind),
        "findByUser, a tenth of all files": (f"/v1/users/{records.user(0)}/media", {}, f"c{'z' * 24}", behind),
        "type=VIDEO": ("/v1/media", {"type": "VIDEO"}, f"c{'z' * 24}", behind),
        "sort=-updatedAt": (
            "/v1/media", {}, *(cursor(records, "updatedAt", "UNIX_TIMESTAMP(updated_at) * 1000", "updated_at", place)
                               for place in (0, depth))),
        "sort=-size": ("/v1/media", {}, *(cursor(records, "size", "size", "size", place) for place in (0, depth))),
    }
    key = {"Authorization": records.instance.authorization}
    for name, (path, query, *places) in lists.items():
        note(name)
        targets = {}
        for place, text in zip(("start", "depth"), places):
            target = pages(path, cursor=f"v1.{records.count}.{text}", **query)
            if len(records.instance.call("GET", target)["media"]) != LIMIT:
                raise Failure(f"{target}: no full page")
            targets[place] = load.target(records.instance.url + target, key)
        rates, _ = load.take_turns(targets, rounds, connections=1)
        times = {place: [1000 / rate for rate in values] for place, values in rates.items()}
        report.compare(
            group, f"{name}, page by cursor {depth:,} records deep", times["depth"], times["start"], "at the start",
            "ms/request", GOAL, more_is_better=False)


def cursor(records, field, value, column, place):
    """What a cursor says behind the record at a place of a list that is ordered by a column."""
    row = records.instance.sql(f"""
        SET time_zone = '+00:00';
        SELECT ROUND({value}), id FROM media ORDER BY {column} DESC, id DESC LIMIT 1 OFFSET {place}""")[0]
    number, id = row.split("\t")
    return f"-{field}.{base64url(number.encode())}.{id}"
