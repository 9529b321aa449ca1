"""Mutated requests of every protocol, in process: never a 5xx, and memory stays where it was.

Bodies are those of the golden translations and of the vocabulary, cut, spliced, flipped and stuffed
with what breaks parsers; the public port's two ways are both asked. A seed makes a run repeatable.
"""

import gc
import gzip
import json
import resource
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import quote_from_bytes

import pytest
import uvloop

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.express import Express, express_paths
from queqiao.collect.hot_endpoints import IntakeServices, routes
from queqiao.collect.own_endpoints import own_routes
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.ids import IdSource
from queqiao.kernel.vocabulary import EVENTS
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.journal import Disk
from queqiao.wiring.asgi import HotApplication

CASES = Path(__file__).parents[1] / "cases" / "collect"
NOW_US = 1_781_776_800_000_000
KEY = b"Basic d2ViLWtleTo="
STUFFING = [
    b"\\u0000", b"\\ud800", b"1e400", b"-1e-400", b"NaN", b"null", b"{}", b"[]", b'""', b"\x00",
    b"\xff\xfe", "\u202e保".encode(), b"9" * 400, b"[" * 200, b'{"a":' * 90, b"}" * 5, b'"', b"\\",
    b"1970-01-01T00:00:00Z", b"99999999999999999999", b"-1", b"true", b"0.001", b"%00", b"&", b"=",
    b"\r\n", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"{" * 3,
]  # fmt: skip
ENCODINGS = [b"gzip", b"zstd", b"br", b"deflate", b"identity", b"gzip, gzip", b"\xff"]
AUTHORIZATIONS = [*[KEY] * 12, b"Basic \xff", b"Bearer x", b""]
"""Mostly good ones: behind a bad one nothing is read."""
SAMPLE = 20_000
SEED = 20261123


class NoSync(Disk):
    """The fuzz is about answers, not about power cuts."""

    def sync(self, file: int) -> None:
        pass


class Nobody:
    def principal(self, *_: object) -> None:
        return None


def seeds() -> dict[str, list[bytes]]:
    """Return whole bodies by path."""
    found: dict[str, list[bytes]] = {}
    golden = {
        name: [case["original"] for case in json.loads((CASES / f"{name}.json").read_text())]
        for name in ("posthog", "ga4", "snowplow")
    }
    calls = [
        {"type": "track", "event": event, "userId": "u", "messageId": f"m-{number}",
         "timestamp": "2026-06-18T10:00:00Z", "context": {"locale": "zh-CN"},
         "properties": {"order_id": "o", "currency": "CNY", "total": 12.5, "decision_id": "d",
                        "campaign_id": "c", "placement_id": "p",
                        "products": [{"sku": "保温杯", "price": 18.99, "quantity": 1}]}}
        for number, event in enumerate(sorted(EVENTS))
    ]  # fmt: skip
    for call in calls:
        found.setdefault("/v1/track", []).append(_json(call | {"writeKey": "web-key"}))
    found["/v1/batch"] = [
        _json({"batch": calls[n : n + 3], "writeKey": "web-key"}) for n in range(len(calls))
    ]
    for path in ("/v1/identify", "/v1/page", "/v1/group", "/v1/alias"):
        found[path] = [_json({"userId": "u", "groupId": "g", "previousId": "p", "traits": {}})]
    found["/batch/"] = [_json({"api_key": "web-key", "batch": [one]}) for one in golden["posthog"]]
    found["/i/v1/analytics/events"] = [_json({"batch": [one]}) for one in golden["posthog"]]
    found["/flags/"] = [_json({"api_key": "web-key", "distinct_id": "u"})]
    found["/mp/collect"] = [_json(one) for one in golden["ga4"]]
    found["/debug/mp/collect"] = found["/mp/collect"]
    found["/com.snowplowanalytics.snowplow/tp2"] = [
        _json({"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
               "data": [one]})
        for one in golden["snowplow"]
    ]  # fmt: skip
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def mutated(random: Random, body: bytes, other: bytes) -> bytes:
    """Return the body with up to four things wrong with it."""
    moves: list[Callable[[bytearray], object]] = [
        lambda b: b.__setitem__(random.randrange(len(b)), random.randrange(256)),
        lambda b: b.__delitem__(
            slice(at := random.randrange(len(b)), at + random.randrange(1, 40))
        ),
        lambda b: b.__setitem__(slice(at := random.randrange(len(b)), at), random.choice(STUFFING)),
        lambda b: b.__setitem__(
            slice(at := random.randrange(len(b)), at + random.randrange(1, 12)),
            random.choice(STUFFING),
        ),
        lambda b: b.__setitem__(slice(random.randrange(len(b)), None), other[len(other) // 2 :]),
        lambda b: b.extend(b[random.randrange(len(b)) :]),
    ]
    changed = bytearray(body)
    for _ in range(random.randrange(5)):
        if changed:
            random.choice(moves)(changed)
    return bytes(changed)


class Door:
    """The public port without a socket: the express lane, and the application behind it."""

    def __init__(self, home: Path) -> None:
        clock = FixedClock(NOW_US)
        ids = IdSource(clock, Random(1).getrandbits)
        self.log = EmbeddedEventLog(home / "log", disk=NoSync())
        self.rows = BadRowsLog(home / "bad_rows", disk=NoSync())
        keys = {"web-key": "web"}.get
        services = IntakeServices(self.log, self.rows, ids, keys)
        self._application = HotApplication(
            [*routes(services), *own_routes(services, home / "absent.js")], clock, Nobody()
        )
        self._express = express_paths(
            Express(self.log, Validator(ids), clock, keys, {KEY: "web"}.get)
        )

    async def ask(self, path: str, query: bytes, headers: list, body: bytes, verb: str) -> int:
        """Return the status of the answer."""
        take = self._express.get(path) if verb == "POST" else None
        taken = take(headers, body, "203.0.113.7") if take else None
        if taken is not None:
            await taken
            return 200
        statuses: list[int] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {"type": "http", "method": verb, "path": path, "query_string": query,
                 "headers": headers, "client": ("127.0.0.1", 1)}  # fmt: skip
        await self._application(scope, receive, send)
        return statuses[0]

    def close(self) -> None:
        self.log.close()
        self.rows.close()


def request(random: Random, corpus: dict[str, list[bytes]], paths: list[str]) -> tuple:
    """Return one mutated request."""
    path = random.choice(paths)
    seed, other = random.choice(corpus[path]), random.choice(corpus[random.choice(paths)])
    body = mutated(random, seed, other)
    headers = [(b"content-type", random.choice([b"application/json", b"text/plain", b""]))]
    if random.random() < 0.8:
        headers.append((b"authorization", random.choice(AUTHORIZATIONS)))
    if random.random() < 0.2:
        packed = gzip.compress(body, 1) if random.random() < 0.7 else body
        headers.append((b"content-encoding", random.choice(ENCODINGS)))
        body = mutated(random, packed, other) if random.random() < 0.3 else packed
    query = b"measurement_id=G-1&api_secret=web-key&write_key=web-key"
    if random.random() < 0.1:
        query = quote_from_bytes(mutated(random, query, other)).encode()
    if random.random() < 0.03:
        pixel = quote_from_bytes(mutated(random, b'{"event":"E","user_id":"u"}', other)).encode()
        return random.choice(["/px.gif", "/i"]), query + b"&" + pixel, headers, b"", "GET"
    return path, query, headers, body, "POST"


def resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


async def _storm(home: Path, count: int) -> tuple[dict[int, int], int, int]:
    random, corpus = Random(SEED), seeds()
    paths, door, answers = sorted(corpus), Door(home), dict[int, int]()
    settled = 0
    for number in range(count):
        if number == count // 4:
            gc.collect()
            settled = resident_kb()
        status = await door.ask(*request(random, corpus, paths))
        answers[status] = answers.get(status, 0) + 1
        assert status < 500, (number, status)
    gc.collect()
    grown = resident_kb()
    door.close()
    return answers, settled, grown


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("count", [SAMPLE, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_mutated_requests(
    tmp_path: Path, count: int, record_property: Callable[[str, object], None]
) -> None:
    answers, settled, grown = uvloop.run(_storm(tmp_path, count))
    record_property("seed", SEED)
    record_property("answers", dict(sorted(answers.items())))
    record_property("settled_kb", settled)
    record_property("end_kb", grown)
    assert answers[200] > count // 20, answers
    assert answers[400] > count // 20, answers
    assert grown < settled * 1.1, (settled, grown)
