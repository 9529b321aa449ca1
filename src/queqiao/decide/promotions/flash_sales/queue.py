"""The waiting room: numbers in order, and a "now serving" that grows by the admission rate.

Nobody's place is stored. A number is drawn once, from the ledger, so that all processes give
numbers of one sequence; the ticket is that number, signed. Whether its turn has come is
arithmetic: a session serves ``admissions_per_s`` numbers in each second from its start. Numbers
that nobody drew in time are passed over, so an hour without visitors lets in no crowd later.
Millions who wait cost nothing but their questions.
"""

import asyncio
from collections.abc import Callable, Sequence

from queqiao.decide.promotions.flash_sales.counters import queue_counter
from queqiao.decide.promotions.flash_sales.documents import Queue
from queqiao.decide.promotions.flash_sales.messages import Arrival, Place, Wish
from queqiao.decide.promotions.flash_sales.sessions import Session
from queqiao.decide.promotions.flash_sales.snapshot import Sale
from queqiao.kernel.clock import SECOND_US, format_rfc3339
from queqiao.kernel.errors import (
    Broken,
    FieldError,
    InvalidInput,
    Message,
    NotFound,
    QueqiaoError,
    Refused,
)
from queqiao.kernel.tokens import Signer
from queqiao.ports.ledger.base import Ledger

POLL_S_MIN, POLL_S_MAX = 1, 30
_TICKET, _ADMISSION = "flash-ticket", "flash-admission"
_CLOSED = Message("现在不能排队", "the queue is not open")
_FORGED = Message("不是本系统签发的凭证", "not a token that this system signed for this customer")
_NO_SESSION = Message("没有这个场次", "there is no such session")
_SEPARATOR = "\x1f"


def now_serving(queue: Queue, session: Session, now_us: int) -> int:
    """Return the last number that is let in: one second's worth at the start, then by the rate."""
    if now_us < session.starts_us:
        return 0
    return queue.admissions_per_s * (SECOND_US + now_us - session.starts_us) // SECOND_US


def turn_us(queue: Queue, session: Session, number: int) -> int:
    """Return the first moment at which a number is let in."""
    waited = number * SECOND_US - queue.admissions_per_s * SECOND_US
    return session.starts_us + max(0, -(-waited // queue.admissions_per_s))


class Admissions:
    """Gives places in the queue and reads them back. ``random_bits`` names the draws."""

    def __init__(self, ledger: Ledger, signer: Signer, random_bits: Callable[[int], int]) -> None:
        self._ledger = ledger
        self._signer = signer
        self._random_bits = random_bits
        self._drawing: dict[tuple[str, str], list[asyncio.Future[int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def arrive(self, sale: Sale, arrival: Arrival, now_us: int) -> Place:
        """Return the customer's place; a number is drawn for who has none, or whose turn is over.

        Raises Refused when the session's queue is not open, InvalidInput for a wrong ticket.
        """
        session = _session(sale, arrival, now_us)
        queue, customer_id = sale.queue, arrival.customer_id
        if queue is None:
            return self._admitted(sale, session, customer_id, (0, 0, session.ends_us))
        lifetime_us = queue.admission_lifetime_s * SECOND_US
        number = self._number(sale, session, arrival)
        if number is None or now_us >= turn_us(queue, session, number) + lifetime_us:
            number = await self._draw(sale, session, queue, now_us)
        serving = now_serving(queue, session, now_us)
        turns_us = turn_us(queue, session, number)
        if number <= serving:
            ends_us = min(turns_us + lifetime_us, session.ends_us)
            return self._admitted(sale, session, customer_id, (number, serving, ends_us))
        wait_s = -(-(turns_us - now_us) // SECOND_US)
        poll_s = min(max(wait_s // 10, POLL_S_MIN), POLL_S_MAX)
        ticket = self._sign(_TICKET, sale, session, customer_id, number)
        position = number - serving
        return Place("waiting", session.id, ticket, number, serving, position, wait_s, poll_s)

    def _admitted(
        self, sale: Sale, session: Session, customer_id: str, turn: tuple[int, int, int]
    ) -> Place:
        number, serving, ends_us = turn
        return Place(
            "admitted",
            session.id,
            self._sign(_TICKET, sale, session, customer_id, number),
            number,
            serving,
            admission=self._sign(_ADMISSION, sale, session, customer_id, ends_us),
            admission_expires_at=format_rfc3339(ends_us),
        )

    def admitted(self, sale: Sale, wish: Wish, now_us: int) -> tuple[str | None, Session | None]:
        """Return why a wish's admission does not let in (None: it does), and its session."""
        if wish.admission is None:
            return "not_admitted", None
        try:
            said = self._verify(_ADMISSION, wish.admission)
        except NotFound:
            return "not_admitted", None
        sale_id, session_id, customer_id, ends_us = said
        session = sale.session_ids.get(session_id)
        if (sale_id, customer_id) != (sale.id, wish.customer_id) or session is None:
            return "not_admitted", None
        if wish.session not in (None, session_id):
            return "not_admitted", None
        return ("admission_expired" if now_us >= ends_us else None), session

    def _number(self, sale: Sale, session: Session, arrival: Arrival) -> int | None:
        if arrival.ticket is None:
            return None
        try:
            sale_id, session_id, customer_id, number = self._verify(_TICKET, arrival.ticket)
        except NotFound as error:
            raise InvalidInput(FieldError("ticket", _FORGED)) from error
        if (sale_id, customer_id) != (sale.id, arrival.customer_id):
            raise InvalidInput(FieldError("ticket", _FORGED))
        return number if session_id == session.id else None

    async def _draw(self, sale: Sale, session: Session, queue: Queue, now_us: int) -> int:
        """Draw the next number; those who ask at the same moment share one draw."""
        place = sale.id, session.id
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting = self._drawing.setdefault(place, [])
        waiting.append(future)
        if len(waiting) == 1:
            passed = max(0, now_serving(queue, session, now_us) - queue.admissions_per_s)
            task = asyncio.create_task(self._draw_for(place, passed, now_us))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _draw_for(self, place: tuple[str, str], passed: int, now_us: int) -> None:
        waiting = self._drawing.pop(place)
        key = f"flash:draw:{place[0]}:{self._random_bits(128):032x}"
        try:
            last = await self._ledger.draw(queue_counter(*place), len(waiting), passed, key, now_us)
        except QueqiaoError as error:
            _fail(waiting, error)
            return
        except Exception:  # a defect must answer who waits, and be seen
            _fail(waiting, Broken())
            raise
        for number, future in enumerate(waiting, last - len(waiting) + 1):
            if not future.done():
                future.set_result(number)

    def _sign(
        self, purpose: str, sale: Sale, session: Session, customer_id: str, number: int
    ) -> str:
        said = _SEPARATOR.join((sale.id, session.id, str(number), customer_id))
        return self._signer.sign(said.encode(), purpose)

    def _verify(self, purpose: str, token: str) -> tuple[str, str, str, int]:
        said = self._signer.verify(token, purpose).decode()
        sale_id, session_id, number, customer_id = said.split(_SEPARATOR, 3)
        return sale_id, session_id, customer_id, int(number)


def _fail(waiting: Sequence[asyncio.Future[int]], error: QueqiaoError) -> None:
    for future in waiting:
        if not future.done():
            future.set_exception(type(error)(error.detail))


def _session(sale: Sale, arrival: Arrival, now_us: int) -> Session:
    """Return the session to queue for. Raises Refused when its queue is not open."""
    session = sale.nearest(now_us)
    if arrival.session is not None:
        found = sale.session_ids.get(arrival.session)
        if found is None:
            raise InvalidInput(FieldError("session", _NO_SESSION))
        session = found
    if not sale.is_live:
        raise Refused(_CLOSED, reason="paused")
    if now_us >= session.ends_us:
        raise Refused(_CLOSED, reason="ended")
    if now_us < session.starts_us - sale.warm_up_us:
        raise Refused(_CLOSED, reason="not_started")
    return session
