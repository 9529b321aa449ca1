"""The cockpit of a sale: one answer with all that an operator watches while it sells.

The ledger says how things stand now. By the second it is what processes counted (asked and
refused) and what the event log tells (sold, released, returned), both a second or two later. So the
pieces that came back because their time was over are exact when the crowd is gone, and off by what
is on its way while it is there.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.messages import SaleState, SessionView
from queqiao.decide.promotions.flash_sales.series import (
    Answers,
    SecondOfAnswers,
    Settled,
    Stories,
    Story,
)
from queqiao.decide.promotions.flash_sales.sessions import Session
from queqiao.decide.promotions.flash_sales.snapshot import Sale, compile_sale
from queqiao.decide.promotions.flash_sales.state import Speeds, session_of, state_of
from queqiao.kernel.clock import SECOND_US, format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

SECONDS, SECONDS_MAX = 300, 1_800
"""Seconds told where the question names none, and at most."""
LAG_S = 2
"""The last seconds are not told: what happened in them is on its way."""
SESSIONS_MAX = 200
"""Sessions named, those around the one that is shown."""
KEPT_US = SECOND_US
"""One answer serves everybody who asks within that time."""
KEPT_MAX = 200
_SECONDS = Message(f"须为 1 到 {SECONDS_MAX} 的整数", f"a whole number from 1 to {SECONDS_MAX}")


class RefusalCount(msgspec.Struct, frozen=True):
    """How often a session's requests were refused for a reason: in all, and in the seconds told."""

    reason: str
    count: int
    lately: int


class Flow(msgspec.Struct, frozen=True):
    """Pieces of a session from its begin: ``reserved`` by requests, and what became of them.

    ``sold`` were committed; ``released`` were given back, ``expired`` came back by themselves;
    ``returned`` are those of the sold that an order gave back.
    """

    reserved: int
    sold: int
    released: int
    expired: int
    returned: int


class BySecond(msgspec.Struct, frozen=True):
    """Pieces (``refused``: requests) in each second from ``starts_at`` on."""

    starts_at: str
    reserved: list[int]
    sold: list[int]
    released: list[int]
    returned: list[int]
    refused: list[int]


class Cockpit(msgspec.Struct, frozen=True):
    """A session of a sale as it stands and as it came about.

    ``document_state`` is that of the sale's document. ``sessions`` are those around this one.
    """

    document_state: str
    state: SaleState
    sessions: list[SessionView]
    flow: Flow
    refusals: list[RefusalCount]
    by_second: BySecond


class CockpitServices(msgspec.Struct, frozen=True):
    """What the endpoint needs. ``answers`` tells what processes counted."""

    records: Records
    ledger: Ledger
    warehouse: Warehouse
    answers: Answers


def cockpit_route(services: CockpitServices) -> Route:
    """Return the route of the console role."""
    desk = CockpitDesk(services)

    async def handle(request: Request) -> Response:
        sale_id = clean(request.params["id"], "id", 64)
        seconds = _seconds(request.query.get("seconds", str(SECONDS)))
        named = request.query.get("session")
        return json_response(await desk.look(sale_id, named, seconds, request.now_us))

    summary = Message(
        "驾驶舱：此刻的库存、队列，按秒的预留与销售，拒绝原因",
        "Cockpit: stock and queue now, reservations and sales by the second, refusals by reason",
    )
    path = "/api/v1/flash-sales/{id}/cockpit"
    return Route("GET", path, handle, summary, "read", None, Cockpit, ("flash-sales",))


def _seconds(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) <= 4):
        raise InvalidInput(FieldError("seconds", _SECONDS))
    if not 1 <= int(said) <= SECONDS_MAX:
        raise InvalidInput(FieldError("seconds", _SECONDS))
    return int(said)


Looked = tuple[str, str, int]
"""Sale, session and seconds of a question."""


class CockpitDesk:
    """Looks at sales; who asks within a second of another gets the same answer."""

    def __init__(self, services: CockpitServices) -> None:
        self._services = services
        self._stories = Stories(services.warehouse)
        self._speeds = Speeds()
        self._kept: dict[Looked, tuple[int, int, asyncio.Future[Cockpit]]] = {}

    async def look(self, sale_id: str, named: str | None, seconds: int, now_us: int) -> Cockpit:
        """Return the cockpit of a session. Raises NotFound for the sale, InvalidInput."""
        stored = await self._services.records.read(
            lambda conn: documents.get(conn, FLASH_SALE, sale_id)
        )
        sale = compile_sale(sale_id, stored.document, stored.state == "live")
        session = session_of(sale, named, now_us)
        key = sale_id, session.id, seconds
        revision, until_us, known = self._kept.get(key, (0, 0, None))
        is_good = revision == stored.revision and until_us - KEPT_US <= now_us < until_us
        if known is None or not is_good or (known.done() and known.exception() is not None):
            known = asyncio.ensure_future(self._look(sale, session, stored.state, seconds, now_us))
            self._keep(key, (stored.revision, now_us + KEPT_US, known))
        return await asyncio.shield(known)

    def _keep(self, key: Looked, looked: "tuple[int, int, asyncio.Future[Cockpit]]") -> None:
        self._kept.pop(key, None)
        self._kept[key] = looked
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]

    async def _look(
        self, sale: Sale, session: Session, document_state: str, seconds: int, now_us: int
    ) -> Cockpit:
        services, now_s = self._services, now_us // SECOND_US
        first_s = now_s - LAG_S - seconds
        story = await self._stories.of(sale.id, session.id, now_s)
        answers = await services.answers(sale.id, session.id, first_s)
        state = await state_of(sale, session, services.ledger, self._speeds, now_us)
        return Cockpit(
            document_state,
            state,
            _around(sale.sessions, session),
            _flow(answers, story.total, state.reserved),
            _refusals(answers),
            _by_second(answers, story, first_s, seconds),
        )


def _around(sessions: Sequence[Session], session: Session) -> list[SessionView]:
    at = max(0, sessions.index(session) - SESSIONS_MAX // 2)
    return [
        SessionView(one.id, format_rfc3339(one.starts_us), format_rfc3339(one.ends_us))
        for one in sessions[at : at + SESSIONS_MAX]
    ]


def _flow(answers: Sequence[SecondOfAnswers], told: Settled, leased: int) -> Flow:
    reserved = sum(one.number for one in answers if not one.reason)
    expired = max(0, reserved - told.sold - told.released - leased)
    return Flow(reserved, told.sold, told.released, expired, told.returned)


def _refusals(answers: Sequence[SecondOfAnswers]) -> list[RefusalCount]:
    """Return the refusals by reason, the most frequent first."""
    counts: dict[str, list[int]] = {}
    for one in answers:
        if one.reason:
            total = counts.setdefault(one.reason, [0, 0])
            total[0] += one.number
            total[1] += one.number if one.second else 0
    found = [RefusalCount(reason, *count) for reason, count in counts.items()]
    return sorted(found, key=lambda one: (-one.count, one.reason))


def _by_second(
    answers: Sequence[SecondOfAnswers], story: Story, first_s: int, seconds: int
) -> BySecond:
    reserved, refused = [0] * seconds, [0] * seconds
    for one in answers:
        if 0 <= one.second - first_s < seconds:
            (refused if one.reason else reserved)[one.second - first_s] += one.number
    told = [story.seconds.get(first_s + at, Settled()) for at in range(seconds)]
    return BySecond(
        format_rfc3339(first_s * SECOND_US),
        reserved,
        [one.sold for one in told],
        [one.released for one in told],
        [one.returned for one in told],
        refused,
    )
