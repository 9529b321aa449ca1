"""What an erasure clears beside warehouse and log: bad rows, webhooks, coupons, cards, engagements,
points, live rows, and what transforms made.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from queqiao.collect.bad_rows_naming import IsWord, naming
from queqiao.collect.rpc_methods import RemoteBadRows
from queqiao.decide.promotions.cards import card_rows
from queqiao.decide.promotions.coupons import holdings
from queqiao.decide.promotions.engagements import book as engagement_book
from queqiao.decide.promotions.loyalty import account_rows, asked
from queqiao.decide.promotions.referrals import referral_rows
from queqiao.kernel.clock import Clock
from queqiao.kernel.envelope import decode_envelope
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.records.base import Records
from queqiao.ports.rpc import RpcClient
from queqiao.process.erasure_book import ErasureBook, Subject
from queqiao.process.facts import FactReader
from queqiao.process.identifiers import OF_DEVICES, PERSONAL, identifier
from queqiao.process.veil import Veil
from queqiao.process.veiled import Veiler
from queqiao.profile.contracts import LiveRows
from queqiao.reach import deliveries
from queqiao.wiring import secret_keys, transform_folder
from queqiao.wiring.settings import Settings

BOOK = "erasures.sqlite"
ROWS_AT_ONCE = 500
EVERYWHERE = ("phone", "email", *OF_DEVICES)
KINDS = (*PERSONAL, *OF_DEVICES)
"""Of all of them a card alone may look like a price, so it needs a name before it."""


class ErasureElsewhere:
    """Used by the eraser, in the analytics role."""

    def __init__(
        self,
        records: Records,
        bad_rows: RemoteBadRows,
        home: Path,
        clock: Clock,
        live: LiveRows,
    ) -> None:
        self._records = records
        self._bad_rows = bad_rows
        self._home = home
        self._clock = clock
        self._live = live

    async def clear(self, subject: Subject, offsets: Sequence[int]) -> None:
        """Empty the bad rows that name a person, and clear the deliveries of their events.

        Nobody holds their coupons any more, and their cards, engagements and points are nobody's.
        Their live rows are deleted, and what transforms made of everybody: while the store of the
        rows is away, or a transform runs, the erasure waits.
        """
        ids = list(subject.numbers)
        rows = await asyncio.to_thread(naming, self._home / "bad_rows", ids, is_word(subject))
        # Once at least: it finishes what an erasure before could not.
        for start in range(0, len(rows) or 1, ROWS_AT_ONCE):
            await self._bad_rows.empty(rows[start : start + ROWS_AT_ONCE])
        now_us = self._clock.now_us()
        for start in range(0, len(offsets), deliveries.IDS_AT_ONCE):
            part = offsets[start : start + deliveries.IDS_AT_ONCE]
            # Each part on its own: other writers get their turn in between.
            await self._records.write(partial(deliveries.clear, offsets=part, now_us=now_us))
        for start in range(0, len(ids), ROWS_AT_ONCE):
            customers = ids[start : start + ROWS_AT_ONCE]
            await self._records.write(partial(holdings.forget, customers=customers))
            await self._records.write(partial(card_rows.forget, customers=customers))
            await self._records.write(partial(engagement_book.forget, customers=customers))
            await self._records.write(partial(account_rows.forget, customers=customers))
            await self._records.write(partial(asked.forget, customers=customers))
            await self._records.write(partial(referral_rows.forget, customers=customers))
        await self._records.forget()
        await self._live.forget(ids)
        await asyncio.to_thread(transform_folder.clear, self._home)


def book_of(settings: Settings) -> ErasureBook:
    """Open the book of who was erased; it is made where there is none."""
    return ErasureBook(settings.home / BOOK, secret_keys.key(settings.home, "erasures"))


def veiled(settings: Settings, reader: FactReader) -> Callable[[StoredEvent], StoredEvent]:
    """Return what gives an event of a log as erasures so far leave it.

    For logs that could not be rewritten: in another, all of it is as it should be already.
    """
    book = book_of(settings)
    veil = book.veil()
    book.close()
    veiler = Veiler(reader, veil, book.digest)

    def shown(event: StoredEvent) -> StoredEvent:
        if veil.next_end(event.offset - 1) is None:
            return event
        body = veiler.over(event, is_theirs=_is_of_erased(event, veil))
        return event if body is None else StoredEvent(event.offset, body)

    return shown


def _is_of_erased(event: StoredEvent, veil: Veil) -> bool:
    try:
        envelope = decode_envelope(event.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    ids = (envelope.anonymous_id, envelope.user_id)
    return any(veil.is_erased(one, event.offset) for one in ids if one)


def is_word(subject: Subject) -> IsWord:
    """Return what knows the phones and such of a person."""
    held = frozenset(subject.identifiers)

    def is_held(text: str, is_certain: bool) -> bool:
        kinds = KINDS if is_certain else EVERYWHERE
        return bool(held) and any(identifier(kind, text) in held for kind in kinds)

    return is_held


def elsewhere(
    settings: Settings, records: Records, clock: Clock, live: LiveRows
) -> ErasureElsewhere:
    """Return it for a home."""
    bad_rows = RemoteBadRows(RpcClient(settings.socket("intake.rpc")))
    return ErasureElsewhere(records, bad_rows, settings.home, clock, live)
