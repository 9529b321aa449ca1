"""The catalogue's transforms and the loader's machines say the same of one history.

The history is made to be awkward: pauses of exactly the gap, midnight, other campaigns, logins and
logouts, servers that name no device, clocks that are an hour off, late events, Chinese and emoji,
what cannot be read. What the two are meant to differ in (see ``docs/concepts/transforms.md``) is
not in it: a device's events at the same microsecond, events later than the catalogue waits for, and
an event just before the one that began a session, and clicks on a device before its login.
"""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from tests.process.conftest import House
from tests.transforms.engines import table_of

from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, day_start_us
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.versions import standing
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.sessions import DEFAULT_RULES, SessionRules
from queqiao.process.stitching_events import MERGED
from queqiao.process.transforms.catalogue import AFTER, MACHINES, TRANSFORMS
from queqiao.process.transforms.log_source import LogSource

GAP_US = 30 * MINUTE_US
PAUSES_US = [
    1, 2, 20 * SECOND_US, 20 * SECOND_US, 9 * MINUTE_US, GAP_US - 1, GAP_US, GAP_US + 1,
    11 * HOUR_US,
]  # fmt: skip
DEVICES = ["d1", "设备", "👩‍🚀", "é"]
USERS = ["甲", "乙", "u:1", "a:d1"]
EVENTS = ["Product Viewed", "Product Added", "看", None]
BEGUN_US = day_start_us("2026-06-10") + 20 * HOUR_US


class History:
    """Makes events one after the other; ``now_us`` is when the last one happened."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now_us = BEGUN_US
        self.device = DEVICES[0]
        self.bodies: list[bytes] = []

    def add(
        self, event: str | None, *, at_us: int | None = None, skew_us: int = 0, **given
    ) -> None:
        at_us = self.now_us if at_us is None else at_us
        properties = msgspec.json.encode(given.pop("properties", {}))
        context = msgspec.json.encode(given.pop("context", {}))
        number = len(self.bodies)
        made: dict[str, Any] = {"type": "track", "source": self.chance.choice(["web", "店"])}
        envelope = Envelope(
            message_id=f"{number}",
            event=event,
            timestamp_us=at_us - skew_us,
            sent_at_us=at_us + SECOND_US - skew_us,
            received_at_us=at_us + SECOND_US,
            properties=msgspec.Raw(properties),
            context=msgspec.Raw(context),
            **(made | given),
        )
        self.bodies.append(encode_envelope(envelope))

    def browse(self) -> None:
        """One event of a device that people share, or of the server of one of them."""
        chance = self.chance
        before_us = self.now_us
        self.now_us += chance.choice(PAUSES_US)
        self.device = chance.choice([self.device, self.device, *DEVICES])
        who = {"anonymous_id": self.device}
        if chance.random() < 0.3:
            who["user_id"] = chance.choice(USERS)
        if chance.random() < 0.2:
            who = {"user_id": chance.choice(USERS)}
        tags = {"campaign": {"source": "s", "name": chance.choice(["c1", "活动"])}}
        context = tags if chance.random() < 0.3 else {}
        skew_us = chance.choice([0, 0, HOUR_US, -HOUR_US])
        self.add(chance.choice(EVENTS), skew_us=skew_us, context=context, **who)
        pause_us = self.now_us - before_us
        if pause_us == 20 * SECOND_US and list(who) == ["anonymous_id"] and not context:
            self.add("late", at_us=self.now_us - chance.choice([0, 1]), **who)

    def shop(self, number: int) -> None:
        """A person who is known from the start clicks, and orders on the device or at the till."""
        chance = self.chance
        user = f"shopper-{chance.randrange(3)}"
        who = {"user_id": user, "anonymous_id": f"of-{user}"}
        named = {"campaign_id": chance.choice(["c1", "活动"])}
        if chance.random() < 0.5:
            clicked = named if chance.random() < 0.8 else {}
            self.add("Ad Clicked", properties=clicked, **who)
            self.now_us += chance.choice([1, 7 * DAY_US, 7 * DAY_US + 1, HOUR_US])
        order = {"order_id": f"o{number}", "total_minor": 100 + number}
        if chance.random() < 0.2:
            order |= {"campaign_id": "its own"}
        till = {"user_id": user} if chance.random() < 0.5 else who
        self.add("Order Completed", properties=order, **till)

    def oddities(self) -> None:
        self.now_us += 1
        self.add("of the past", at_us=-5, anonymous_id="d1")
        self.add(None, type="alias", user_id="丙", properties={"previousId": "设备"})
        merge = {"id": "甲", "other": "乙", "users": ["甲", "乙"]}
        self.add(MERGED, source=OWN_SOURCE, user_id="甲", properties=merge)
        self.bodies.append(b"{")


def history(seed: int) -> list[bytes]:
    made = History(seed)
    for number in range(300):
        made.browse()
        if number % 10 == 0:
            made.shop(number)
        if number % 60 == 35:
            made.oddities()
    return made.bodies


async def load(house: House, bodies: Sequence[bytes]) -> None:
    """Load a history in which every event has its own id."""
    new = [NewEvent("web", f"{n}", body, n.to_bytes(8)) for n, body in enumerate(bodies)]
    await house.log.append(new)
    await house.loader.open()
    while await house.loader.step():
        pass


class Catalogue:
    """What the transforms give of a log."""

    def __init__(self, house: House) -> None:
        self._log = house.folder / "log"

    def rows(self, name: str) -> pa.Table:
        sink = MemorySink()
        source: Any = LogSource(EmbeddedEventLogReader(self._log), 50)
        if name in AFTER:
            source = TableSource(self.rows(AFTER[name]), 50)
        EmbeddedEngine(machines=MACHINES).run(TRANSFORMS[name], source, sink, ended=True)
        late = sink.read("too_late")
        assert late is None, late
        return sink.read("results")


@pytest.fixture(params=[("plain", 618), ("with all rules", 7)], ids=lambda given: given[0])
async def loaded(request, house: House) -> tuple[House, str]:
    rules, name = DEFAULT_RULES, "sessions"
    which, seed = request.param
    if which == "with all rules":
        rules = SessionRules(ends_at_midnight=True, ends_with_campaign=True)
        name = "campaign_sessions"
    house.loader = house.new_loader(sessions=rules)
    await load(house, history(seed))
    return house, name


async def same(house: House, transform: pa.Table, columns: dict[str, str], sql: str) -> int:
    """Hold what a transform gives against what the loader wrote; return how many rows it is."""
    rows = [dict(zip(columns, row, strict=True)) for row in await house.ask(sql)]
    live = table_of(rows, columns)
    given = transform.select(list(columns))
    assert digest(given) == digest(live), (given.to_pylist()[:20], live.to_pylist()[:20])
    return len(rows)


_ID = "concat(toString(lengthUTF8(source)), ':', source, message_id)"


def _us(sql: str) -> str:
    return f"toUnixTimestamp64Micro(toDateTime64({sql}, 6, 'UTC'))"


async def test_all_that_the_loader_wrote_is_what_the_catalogue_says(loaded) -> None:
    house, sessions = loaded
    catalogue = Catalogue(house)
    visits = await same(
        house,
        catalogue.rows(sessions),
        {"started_at": "time", "ended_at": "time", "events": "int"},
        f"SELECT {_us('min(timestamp)')}, {_us('max(timestamp)')}, count()"
        " FROM events GROUP BY session_id",
    )
    people = await same(
        house,
        catalogue.rows("identity"),
        {"id": "text", "person": "text"},
        f"SELECT {_ID}, person_id FROM events",
    )
    assert people > 1.3 * visits > 150, "many sessions, of several events"
    once = await same(house, catalogue.rows("dedup"), {"id": "text"}, f"SELECT {_ID} FROM events")
    assert once == people
    orders = await same(
        house,
        catalogue.rows("last_click"),
        {"order_id": "text", "amount": "int", "campaign": "text"},
        "SELECT order_id, sum(amount_minor), nullIf(any(campaign_id), '') FROM order_lines"
        " WHERE kind = 'sale' GROUP BY order_id",
    )
    assert orders == 30
    for name, unit in (("events_a_minute", "Minute"), ("events_an_hour", "Hour")):
        counted = standing(catalogue.rows(name), ("event", "bucket"))
        await same(
            house,
            counted,
            {"event": "text", "bucket": "time", "events": "int"},
            f"SELECT event, {_us(f'toStartOf{unit}(timestamp)')} AS bucket, count() FROM events"
            " WHERE event != '' GROUP BY event, bucket",
        )
