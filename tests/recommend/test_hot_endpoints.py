"""The endpoint: answers, refusals, and the event that is on disk before the answer."""

import asyncio
from random import Random

import msgspec
import pytest

from queqiao.decide.recommend.hot_endpoints import RecommendServices, routes
from queqiao.decide.recommend.model import encode_model, load_model
from queqiao.decide.recommend.training import fit
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import InvalidInput, StorageFull, Unavailable
from queqiao.kernel.http import Request
from queqiao.ports.event_log import deadline
from queqiao.ports.event_log.base import Outcome
from queqiao.profile.contracts import UNKNOWN, Recent, Told
from queqiao.profile.live import Counts, Good
from queqiao.profile.live_reader import UNAVAILABLE

NOW_US = 100 * DAY_US
MODEL = load_model(encode_model(fit([["a", "b"]] * 3, [], [("c", 2.0), ("a", 1.0)])))


class Journal:
    """An event log in memory that can be full."""

    def __init__(self) -> None:
        self.events, self.full = [], False

    async def append(self, events):
        if self.full:
            raise StorageFull
        self.events += events
        return [Outcome("stored", len(self.events))]

    async def find(self, message_id, source=None):
        return []


@pytest.fixture
def journal():
    return Journal()


def asking(journal, model=MODEL, told=UNKNOWN, asked=None):
    async def tell(ids, now_us):
        if asked is not None:
            asked.append((ids, now_us))
        return told

    services = RecommendServices(
        lambda: model, lambda: ["n1", "n2"], tell, journal, Random(7).getrandbits
    )
    (route,) = routes(services)

    async def ask(body: bytes):
        request = Request("POST", route.path, {}, {}, {}, body, "127.0.0.1", NOW_US)
        return msgspec.json.decode((await route.handler(request)).body)

    return ask


async def test_a_page_does_not_wait_for_a_log_that_does_not_answer(journal, monkeypatch):
    async def silent(events):
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(deadline, "APPEND_WITHIN_S", 0.05)
    monkeypatch.setattr(journal, "append", silent)
    with pytest.raises(Unavailable):
        await asking(journal)(b'{"n":2}')


async def test_the_answer_names_reason_chance_and_model(journal):
    body = b'{"user":{"id":"u1"},"context":{"sku":"a"},"placement":"pdp","n":2}'
    answer = await asking(journal)(body)
    assert [item["sku"] for item in answer["items"]] == ["b", "c"]
    assert answer["items"][0]["reason"] == {"kind": "viewed_together", "sku": "a"}
    assert 0 < answer["items"][0]["propensity"] <= 1
    assert answer["model"] == MODEL.name


async def test_the_event_repeats_the_answer(journal):
    answer = await asking(journal)(b'{"user":{"anonymous_id":"x"},"context":{"sku":"a"},"n":2}')
    (stored,) = journal.events
    envelope = decode_envelope(stored.body)
    properties = msgspec.json.decode(envelope.properties)
    assert (envelope.event, envelope.anonymous_id) == ("Recommendation Served", "x")
    assert properties["decision_id"] == answer["decision_id"] == stored.message_id
    assert [p["sku"] for p in properties["products"]] == [i["sku"] for i in answer["items"]]
    assert [p["propensity"] for p in properties["products"]] == [
        i["propensity"] for i in answer["items"]
    ]


async def test_without_a_model_the_newest_items_are_given_and_it_says_so(journal):
    answer = await asking(journal, None)(b'{"exclude":["n2"]}')
    assert answer["model"] == "newest"
    assert [(i["sku"], i["reason"]["kind"]) for i in answer["items"]] == [("n1", "popular")]


async def test_an_unlogged_answer_is_not_given(journal):
    journal.full = True
    with pytest.raises(StorageFull):
        await asking(journal)(b"{}")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", ""),
        (b"[]", ""),
        (b'{"n":0}', "n"),
        (b'{"n":101}', "n"),
        (b'{"n":1e400}', "n"),
        (b'{"exclude":["ok","\\u0000"]}', "exclude[1]"),
        (b'{"exclude":[1]}', "exclude[0]"),
        (b'{"context":{"sku":7}}', "context.sku"),
        (b'{"user":{"user_id":"u"}}', "user.user_id"),
        (b'{"context":{"items":[]}}', "context.items"),
        (b'{"count":3}', "count"),
        (b'{"user":{"id":"' + b"x" * 300 + b'"}}', "user.id"),
    ],
)
async def test_bad_bodies_are_refused_by_path_and_nothing_is_logged(journal, body, path):
    with pytest.raises(InvalidInput) as refused:
        await asking(journal)(body)
    assert refused.value.fields[0].path == path
    assert journal.events == []


def lately(viewed=(), carted=(), bought=(), days=1):
    def goods(skus):
        return [Good(sku, NOW_US - days * DAY_US) for sku in skus]

    return Told("known", Recent(goods(viewed), goods(carted), goods(bought), Counts()))


async def test_goods_lately_seen_are_the_context_where_the_caller_names_none(journal):
    asked = []
    answer = await asking(journal, told=lately(viewed=["a"]), asked=asked)(
        b'{"user":{"id":"u","anonymous_id":"d"},"n":1}'
    )
    assert answer["person"] == "known"
    assert [(i["sku"], i["reason"]) for i in answer["items"]] == [
        ("b", {"kind": "viewed_together", "sku": "a"})
    ]
    assert asked == [(["u", "d"], NOW_US)]
    properties = msgspec.json.decode(decode_envelope(journal.events[0].body).properties)
    assert (properties["person"], properties["context_skus"]) == ("known", ["a"])


async def test_a_context_that_the_caller_names_stands_alone(journal):
    answer = await asking(journal, told=lately(viewed=["b"]))(b'{"context":{"sku":"a"},"n":1}')
    assert answer["items"][0]["reason"] == {"kind": "viewed_together", "sku": "a"}


async def test_what_was_just_bought_is_left_out_for_a_week(journal):
    ask = b'{"context":{"sku":"a"},"n":3}'
    just = await asking(journal, told=lately(bought=["b"]))(ask)
    long_ago = await asking(journal, told=lately(bought=["b"], days=8))(ask)
    assert [i["sku"] for i in just["items"]] == ["c"]
    assert {i["sku"] for i in long_ago["items"]} == {"b", "c"}
    properties = msgspec.json.decode(decode_envelope(journal.events[0].body).properties)
    assert properties["bought_skus"] == ["b"]
    newest = await asking(journal, None, lately(bought=["n1"], viewed=["n2", "n3"]))(b"{}")
    assert newest["items"] == []


@pytest.mark.parametrize("told", [UNKNOWN, UNAVAILABLE])
async def test_without_the_rows_the_answer_is_the_same_and_says_why(journal, told):
    plain = await asking(journal)(b'{"user":{"id":"u"},"context":{"sku":"a"},"n":2}')
    answer = await asking(journal, told=told)(b'{"user":{"id":"u"},"context":{"sku":"a"},"n":2}')
    assert answer["person"] == told.known
    assert answer["items"] == plain["items"]
