"""Reports over a small store: golden cases as data, and the promises of a question."""

import json
from pathlib import Path

import msgspec
import pytest
from tests.process.conftest import append

from queqiao.kernel import json as kernel_json
from queqiao.kernel.clock import format_rfc3339, parse_rfc3339
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.errors import InvalidInput, Refused
from queqiao.kernel.http import Request
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.endpoints import MeasureServices, handlers
from queqiao.measure.query import report
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader

FOLDER = Path(__file__).parents[1] / "cases/measure"
STORE = json.loads((FOLDER / "store.json").read_text())
CASES = json.loads((FOLDER / "reports.json").read_text())
RECEIVED_US = 1_790_000_000_000_000


def body(number: int, one: dict) -> bytes:
    return encode_envelope(
        Envelope(
            message_id=f"m{number}",
            type="track",
            event=one["event"],
            anonymous_id=one.get("anonymous_id"),
            user_id=one.get("user_id"),
            timestamp_us=parse_rfc3339(one["at"]),
            received_at_us=RECEIVED_US + number,
            source=one.get("source") or (ADS_SOURCE if one["event"].startswith("Ad ") else "shop"),
            context=msgspec.Raw(msgspec.json.encode({"channel": one["channel"]})),
            properties=msgspec.Raw(msgspec.json.encode(one["properties"])),
        )
    )


class Store:
    """A loaded store; ``load`` adds the events from one number up to another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = EmbeddedEventLog(folder / "log")
        self.warehouse = open_warehouse(f"chdb://{folder}/warehouse")

    async def load(self, first: int = 0, last: int = 99) -> None:
        bodies = [body(number, one) for number, one in enumerate(STORE["events"], 1)]
        await append(self.log, bodies[first:last], first)
        reader = EmbeddedEventLogReader(self.folder / "log")
        loader = Loader(reader, self.warehouse, self.folder / "process.sqlite")
        await loader.open()
        while await loader.step():
            pass
        await loader.close()

    async def ask(self, **query):
        return await report(self.warehouse, msgspec.convert(query, ReportQuery))


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path)
    yield made
    made.warehouse.close()
    made.log.close()


async def test_cases(store) -> None:
    await store.load()
    for case in CASES:
        answer = await store.ask(**case["query"])
        assert answer.rows == case["rows"], case["name"]
        assert len(answer.columns) == len(answer.rows[0]), case["name"]
        assert (answer.watermark_offset, answer.as_of) == (9, 9)


async def test_currencies_are_never_mixed_in_one_number(store) -> None:
    await store.load()
    with pytest.raises(InvalidInput, match="currency"):
        await store.ask(metrics=["gmv"])
    assert (await store.ask(metrics=["orders"])).rows == [[3]]
    assert (await store.ask(metrics=["gmv"], dimensions=["currency"])).currency is None
    one = [{"dimension": "currency", "op": "eq", "value": "USD"}]
    assert (await store.ask(metrics=["gmv"], filters=one)).currency == "USD"


async def test_the_same_as_of_gives_the_same_bytes(store) -> None:
    await store.load(0, 7)
    asked = {"metrics": ["orders", "views", "visitors"], "granularity": "day", "as_of": 7}
    by_moment = {**asked, "as_of": format_rfc3339(RECEIVED_US + 6)}
    before = kernel_json.encode(await store.ask(**asked))
    moment_before = await store.ask(**by_moment)
    await store.load(7)
    assert kernel_json.encode(await store.ask(**asked)) == before
    assert await store.ask(**by_moment) == moment_before
    assert moment_before.as_of == 6
    assert (await store.ask(**{**asked, "as_of": None})).watermark_offset == 9


async def test_an_offset_that_is_not_loaded_is_refused(store) -> None:
    await store.load()
    with pytest.raises(Refused) as refusal:
        await store.ask(metrics=["orders"], as_of=10)
    assert refusal.value.reason == "as_of_not_loaded"


async def test_an_empty_warehouse_answers_zero_without_a_watermark(store) -> None:
    await store.load(0, 0)
    answer = await store.ask(metrics=["orders", "aov"])
    assert (answer.rows, answer.watermark, answer.watermark_offset) == ([[0, None]], None, 0)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"metrics": ["nope"]}, "metrics[0]"),
        ({"metrics": ["orders", "orders"]}, "metrics"),
        ({"dimensions": ["x"]}, "dimensions[0]"),
        ({"dimensions": ["event"]}, "dimensions[0]"),
        ({"granularity": "day", "dimensions": ["hour"]}, "dimensions[0]"),
        ({"filters": [{"dimension": "x", "op": "eq", "value": "a"}]}, "filters[0].dimension"),
        ({"filters": [{"dimension": "event", "op": "eq", "value": "a"}]}, "filters[0].dimension"),
        ({"filters": [{"dimension": "channel", "op": "in", "value": "a"}]}, "filters[0].value"),
        ({"filters": [{"dimension": "channel", "op": "eq", "value": ["a"]}]}, "filters[0].value"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-06-02", "to": "2026-06-02"}, "to"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"compare": "previous_period"}, "compare"),
        ({"order": [{"by": "gmv"}]}, "order[0].by"),
        ({"as_of": "now"}, "as_of"),
    ],
)
async def test_a_wrong_question_names_the_field(store, change, path) -> None:
    await store.load(0, 1)
    with pytest.raises(InvalidInput) as refusal:
        await store.ask(**{"metrics": ["orders"], **change})
    assert [field.path for field in refusal.value.fields] == [path]


def call(path: str, sent: bytes, **query: str) -> Request:
    return Request("POST", path, {}, query, {}, sent, "127.0.0.1", RECEIVED_US)


async def test_the_routes(store) -> None:
    await store.load()
    routes = {route.path: route.handler for route in handlers(MeasureServices(store.warehouse))}
    sent = b'{"metrics": ["gmv"], "dimensions": ["product", "currency"]}'
    answer = json.loads((await routes["/api/v1/reports/query"](call("", sent))).body)
    assert answer["rows"] == [["cup", "CNY", 980], ["cup", "USD", 99], ["tea", "CNY", 1919]]
    one = (
        b'{"metrics": ["gmv"], "filters": [{"dimension": "currency", "op": "eq", "value": "CNY"}]}'
    )
    file = await routes["/api/v1/reports/export"](call("", one, format="csv"))
    assert file.body.decode("utf-8-sig") == "gmv\r\n28.99\r\n"
    with pytest.raises(InvalidInput):
        await routes["/api/v1/reports/export"](call("", one, format="pdf"))
    listed = json.loads((await routes["/api/v1/metrics"](call("", b""))).body)
    assert {"name", "unit", "title", "meaning", "formula"} == set(listed["metrics"][0])


NO_QUESTIONS = [
    b"",
    b"[]",
    b"{}",
    b'{"metrics": []}',
    b'{"metrics": ["orders"], "x": 1}',
    b'{"metrics": ["orders"], "limit": 1e400}',
    b"[" * 100_000,
    b'{"metrics": ["\\ud800"]}',
]


@pytest.mark.parametrize("sent", NO_QUESTIONS, ids=range(len(NO_QUESTIONS)))
async def test_a_body_that_is_no_question_is_invalid_input(store, sent) -> None:
    ask = handlers(MeasureServices(store.warehouse))[0].handler
    with pytest.raises(InvalidInput):
        await ask(call("", sent))
