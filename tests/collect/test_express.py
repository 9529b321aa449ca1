"""The express lane makes of a request what the general way makes of it, or leaves it alone."""

import asyncio
import json
from dataclasses import dataclass, field
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queqiao.collect.contracts import BATCH_BYTES_MAX
from queqiao.collect.express import Express
from queqiao.collect.known import check_known
from queqiao.collect.segment import SegmentIntake
from queqiao.collect.taking import Taking
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import QueqiaoError
from queqiao.kernel.http import Principal, Request
from queqiao.kernel.ids import IdSource
from queqiao.kernel.json import DEPTH_MAX
from queqiao.kernel.vocabulary import EVENTS
from queqiao.ports.event_log.base import NewEvent, NewEvents, Outcome

NOW_US = 1_781_776_800_000_000
LINE = [(b"authorization", b"Basic d2ViLWtleTo="), (b"origin", b"https://shop.example")]
CLIENT = "203.0.113.7"


@dataclass
class Recording:
    """A log that keeps what it is given, from either way."""

    events: list[NewEvent] = field(default_factory=list)

    async def append(self, events):
        self.events += events
        return [Outcome("stored", number) for number, _ in enumerate(events, 1)]

    def append_new(self, events: NewEvents):
        self.events += [
            NewEvent(events.source, *one)
            for one in zip(events.message_ids, events.bodies, events.fingerprints, strict=True)
        ]
        return object()

    async def find(self, message_id, source=None):
        return []


@dataclass
class Rows:
    """Bad rows, counted."""

    kept: int = 0

    async def keep(self, rows):
        self.kept += len(rows)


def general(body: bytes, call: str | None) -> tuple[list[NewEvent], int, bool]:
    """Return the events, the bad rows, and whether all was well."""
    log, rows = Recording(), Rows()
    intake = SegmentIntake(
        Taking(log, rows, validator()), lambda key: "web" if key == "k" else None
    )
    who = Principal("1", "web", scopes=frozenset({"intake"}), source="web")
    request = Request(
        "POST", "/", {}, {}, {"origin": "https://shop.example"}, body, CLIENT, NOW_US, who, "en"
    )
    try:
        asyncio.run(intake.take_batch(request) if call is None else intake.take_one(request, call))
    except QueqiaoError:
        return log.events, rows.kept, False
    return log.events, rows.kept, True


def express(body: bytes, call: str | None) -> list[NewEvent] | None:
    log = Recording()
    lane = Express(log, validator(), FixedClock(NOW_US), {"k": "web"}.get, {LINE[0][1]: "web"}.get)
    taken = (
        lane.batch(LINE, body, CLIENT) if call is None else lane.single(call, LINE, body, CLIENT)
    )
    if taken is None:
        assert log.events == []
        return None
    return log.events


def validator() -> Validator:
    return Validator(IdSource(FixedClock(NOW_US), Random(7).getrandbits))


TEXTS = st.sampled_from(["", "a", "u-1", "保温杯", "e\u0301", "\ud800", "\x00", "x" * 257])
IDS = st.one_of(TEXTS, st.none(), st.integers(-3, 3), st.just(10**300), st.just(1.5))
TIMES = st.sampled_from(
    [None, "2026-06-18T10:00:00Z", "2026-06-18T10:00:00.123456+08:00", "2026-06-18T10:00:00",
     1_781_776_800_000, "1980-01-01T00:00:00Z", "soon", 2**70]
)  # fmt: skip
AMOUNTS = st.sampled_from([1, 18.99, 0.001, "12.34", "1e3", None, True, 1e15, "x", -0.0])
PARTS = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "price": AMOUNTS, "total": AMOUNTS, "currency": st.sampled_from(["CNY", "JPY", "X", 1]),
            "order_id": IDS, "sku": IDS, "quantity": AMOUNTS, "a": TEXTS,
            "products": st.lists(st.fixed_dictionaries({"price": AMOUNTS}), max_size=2),
            "deep": st.integers(0, 70).map(lambda n: json.loads("[" * n + "]" * n or "0")),
        },
    ),
    st.sampled_from([[], "x", 1]),
)  # fmt: skip
CALLS = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "track", "page", "identify", "screen", "group", "x", None])},
    optional={
        "event": st.one_of(st.sampled_from(sorted(EVENTS)), TEXTS, st.none()),
        "name": TEXTS, "messageId": IDS, "anonymousId": IDS, "userId": IDS, "timestamp": TIMES,
        "sentAt": TIMES, "originalTimestamp": TIMES, "context": PARTS, "properties": PARTS,
        "traits": PARTS, "message_id": IDS, "user_id": IDS, "groupId": IDS, "integrations": PARTS,
    },
)  # fmt: skip
USUAL = st.builds(
    lambda base, more: base | more,
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["track", "page", "identify"]),
            "event": st.sampled_from([*sorted(EVENTS), "Own Event", "看过"]),
            "messageId": st.uuids().map(str),
            "userId": st.sampled_from(["u-1", "用户"]),
            "timestamp": st.sampled_from(["2026-06-18T10:00:00Z", "2026-06-18T18:00:00.5+08:00"]),
        }
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "context": st.sampled_from([{"library": {"name": "x"}}, {"traits": {"a": 1}}]),
            "properties": st.fixed_dictionaries(
                {}, optional={"price": st.sampled_from([1, 18.99, "2.50"]),
                              "currency": st.just("CNY"), "order_id": st.just("o")}
            ),
            "name": st.sampled_from(["Home", "首页"]), "anonymousId": st.just("a"),
        },
    ),
)  # fmt: skip


def encoded(value: object, *, ascii_only: bool = True) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(USUAL, CALLS), min_size=1, max_size=4), TIMES, PARTS, st.booleans())
def test_a_batch_means_the_same_on_both_ways(calls, sent_at, context, ascii_only) -> None:
    body = encoded({"batch": calls, "sentAt": sent_at, "context": context}, ascii_only=ascii_only)
    taken = express(body, None)
    if taken is not None:
        events, bad_rows, well = general(body, None)
        assert (taken, bad_rows, well) == (events, 0, True)


@settings(max_examples=400, deadline=None)
@given(st.one_of(USUAL, CALLS), st.sampled_from(["track", "page", "identify", "group", "alias"]))
def test_a_single_call_means_the_same_on_both_ways(call, kind) -> None:
    taken = express(encoded(call), kind)
    if taken is not None:
        events, bad_rows, well = general(encoded(call), kind)
        assert (taken, bad_rows, well) == (events, 0, True)


def _asks_for_nothing(event: str) -> bool:
    """Say whether an event may come without properties; others the full way refuses in words."""
    try:
        check_known(event, b"{}")
    except msgspec.ValidationError:
        return False
    return True


@settings(max_examples=100, deadline=None)
@given(st.lists(USUAL, min_size=1, max_size=5, unique_by=lambda call: call["messageId"]))
def test_the_usual_batch_takes_the_express_lane(calls) -> None:
    calls = [call for call in calls if call["type"] != "track" or "Order" not in call["event"]]
    calls = [call for call in calls if _asks_for_nothing(call["event"])]
    calls = [call for call in calls if "traits" not in call.get("context", {})]
    if calls:
        assert express(encoded({"batch": calls}), None) is not None


@settings(max_examples=100, deadline=None)
@given(st.lists(USUAL, min_size=1, max_size=5, unique_by=lambda call: call["messageId"]))
def test_a_batch_that_says_no_times_takes_the_express_lane_too(calls) -> None:
    calls = [{**call, "event": "Own Event", "context": {}} for call in calls]
    for call in calls:
        del call["timestamp"]
    body = encoded({"batch": calls})
    assert (express(body, None), 0, True) == general(body, None)
    calls[-1]["originalTimestamp"] = "2026-06-18T10:00:00Z"
    assert express(encoded({"batch": calls}), None) is None


@pytest.mark.parametrize("brackets", ['{"":|}', "[|]", '{"":[|]}', '{"a":{"":|}}'])
@pytest.mark.parametrize("within", ["properties", "context", "traits"])
def test_nesting_is_bounded_by_the_same_level_on_both_ways(brackets: str, within: str) -> None:
    usual = {"type": "track", "event": "E", "userId": "u", "messageId": "m",
             "timestamp": "2026-06-18T10:00:00Z"}  # fmt: skip
    opening, closing = brackets.split("|")
    levels = opening.count("{") + opening.count("[")
    for times in range(60 // levels, 70 // levels):
        part = '{"":' + opening * times + "{}" + closing * times + "}"
        body = encoded({"batch": [usual]}).replace(b'"type"', f'"{within}":{part},"type"'.encode())
        events, bad_rows, _ = general(body, None)
        assert express(body, None) == (None if bad_rows else events)
        assert bool(bad_rows) == (levels * times + 2 > DEPTH_MAX)


def test_what_is_not_usual_is_left_alone() -> None:
    usual = {"type": "track", "event": "E", "userId": "u", "messageId": "m",
             "timestamp": "2026-06-18T10:00:00Z"}  # fmt: skip
    assert express(encoded({"batch": [usual]}), None)
    assert express(encoded(usual), "track")
    for header in (b"content-encoding", b"queqiao-now"):
        lane = Express(
            Recording(), validator(), FixedClock(1), {"k": "web"}.get, {LINE[0][1]: "web"}.get
        )
        assert lane.single("track", [*LINE, (header, b"x")], encoded(usual), CLIENT) is None
        assert lane.single("track", [(b"authorization", b"other")], encoded(usual), CLIENT) is None
        assert lane.single("track", [], encoded(usual), CLIENT) is None
        assert lane.single("track", [], encoded(usual | {"writeKey": "k"}), CLIENT) is not None
    assert (
        lane.single("track", [(b"cookie", b"x=y")], encoded(usual | {"writeKey": "k"}), CLIENT)
        is None
    )
    assert lane.single("track", [*LINE, (b"cookie", b"x=y")], encoded(usual), CLIENT) is not None
    for body in (b"", b"{", b"[]", b'{"batch":[]}', b"\xff", b'{"batch":[' + b"[" * 2000):
        assert express(body, None) is None
        assert express(body, "track") is None
    assert express(b" " * BATCH_BYTES_MAX + encoded({"batch": [usual]}), None) is None
