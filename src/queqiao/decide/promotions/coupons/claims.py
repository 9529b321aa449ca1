"""How customers come by personal coupons: they claim them (领券). The records give them out.

Claims that come at once are written together, in one transaction: each is exact, and a rush pays
for few of them.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial

import msgspec

from queqiao.decide.promotions.coupons import events, holdings
from queqiao.decide.promotions.coupons.code_book import Batch, CodeBook
from queqiao.decide.promotions.coupons.holdings import Holding, Issue, Issued
from queqiao.decide.promotions.documents.coupon_batch import PersonalCoupons
from queqiao.kernel.clock import DAY_US, parse_rfc3339
from queqiao.kernel.errors import Message, NotFound, QueqiaoError, Refused
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.records.base import Records

AT_ONCE_MAX = 500
"""Claims of one transaction: a few milliseconds of the records' one writer."""

_REFUSED = Message("现在不能领取", "it cannot be claimed")


class Claim(msgspec.Struct, frozen=True):
    """Who wants a coupon of which batch; a retry names the same ``request_id``."""

    batch_id: str
    customer_id: str
    request_id: str
    segments: Collection[str]
    now_us: int


class Claims:
    """Gives coupons of claimable batches to those who ask."""

    def __init__(self, book: Callable[[], CodeBook], records: Records, event_log: EventLog) -> None:
        self._book = book
        self._gathered = GatheredIssues(records)
        self._event_log = event_log

    async def claim(self, asked: Claim) -> tuple[Batch, Holding]:
        """Return the coupon. Raises NotFound and Refused with its reason.

        Without a ``request_id`` each call is a wish of its own.
        """
        batch = self._book().batch(asked.batch_id)
        if batch is None or batch.personal is None or not batch.personal.claimable:
            raise NotFound
        reason = _closed(batch, batch.personal, asked)
        if reason is not None:
            raise Refused(_REFUSED, reason=reason)
        wanted = Issue(
            batch.id,
            batch.count,
            asked.customer_id,
            "claim",
            f"claim:{asked.request_id}",
            expiry_us(batch, asked.now_us),
            batch.personal.per_customer,
        )
        held = (await self._gathered.issue(wanted, asked.now_us)).holding
        await self._event_log.append([events.of_issue(held, batch.code(held.number), batch.name)])
        return batch, held


def _closed(batch: Batch, personal: PersonalCoupons, asked: Claim) -> str | None:
    """Return why the batch cannot be claimed now by this customer, None when it can."""
    starts_at, ends_at = personal.claim_starts_at, personal.claim_ends_at
    if starts_at is not None and asked.now_us < parse_rfc3339(starts_at):
        return "claim_not_started"
    is_over = ends_at is not None and asked.now_us >= parse_rfc3339(ends_at)
    if is_over or asked.now_us >= batch.ends_us:
        return "claim_ended"
    if personal.segments_any and set(personal.segments_any).isdisjoint(asked.segments):
        return "segment_missing"
    return None


def expiry_us(batch: Batch, now_us: int) -> int:
    """Return until when a coupon that is had now is good."""
    days = None if batch.personal is None else batch.personal.valid_days
    if days is None:
        return batch.ends_us
    return min(batch.ends_us, holdings.whole_hour(now_us + days * DAY_US))


class GatheredIssues:
    """Writes together what is asked while an earlier write is under way, in order."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._waiting: list[tuple[Issue, int, asyncio.Future[Issued]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def issue(self, wanted: Issue, now_us: int) -> Issued:
        """Return what was given once it is stored. Raises Refused."""
        future: asyncio.Future[Issued] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, now_us, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await future

    async def _write_all(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:AT_ONCE_MAX], self._waiting[AT_ONCE_MAX:]
            wanted, now_us = [one for one, _, _ in some], max(at_us for _, at_us, _ in some)
            answers: Sequence[Issued | QueqiaoError]
            try:
                answers = await self._records.write(
                    partial(holdings.issue_all, wanted=wanted, now_us=now_us)
                )
            except QueqiaoError as error:  # nothing of it is stored
                answers = [error] * len(some)
            for (_, _, future), answer in zip(some, answers, strict=True):
                _settle(future, answer)


def _settle(future: "asyncio.Future[Issued]", answer: Issued | QueqiaoError) -> None:
    if future.done():  # who asked went away
        return
    if isinstance(answer, QueqiaoError):
        future.set_exception(answer)
    else:
        future.set_result(answer)
