"""Coupon batches compiled: which batch is a code of, and what may be done with it."""

from collections.abc import Iterable
from copy import copy

import msgspec

from queqiao.decide.promotions.coupons.codes import (
    LENGTH,
    CodeMaker,
    CodeSpace,
    normal,
    printed,
)
from queqiao.decide.promotions.coupons.ranges import NO_RANGES, Ranges
from queqiao.decide.promotions.documents.coupon_batch import (
    CouponBatchDocument,
    PersonalCoupons,
    ReturnRule,
)
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import parse_rfc3339

PURPOSE = "coupon"
"""What coupons' codes are made for: no code of theirs is one of a card."""


class Batch(msgspec.Struct, frozen=True):
    """One coupon batch, ready to look codes up. ``maker`` is None for listed codes."""

    id: str
    name: str
    maker: CodeMaker | None
    codes: tuple[str, ...]
    uses_per_code: int
    uses_per_customer: int | None
    uses_total: int
    starts_us: int
    ends_us: int
    personal: PersonalCoupons | None = None
    lock_minutes: int = 15
    return_on_refund: ReturnRule = "if_unexpired"
    return_valid_days: int | None = None
    voids: Ranges = NO_RANGES

    @property
    def count(self) -> int:
        """How many codes it has."""
        return len(self.codes) if self.maker is None else self.maker.count

    def code(self, number: int) -> str:
        """Return the code of a number from 0 to count - 1."""
        return self.codes[number] if self.maker is None else self.maker.code(number)


class Found(msgspec.Struct, frozen=True):
    """A code that is one of a batch, by its number in it, and as it is printed."""

    batch: Batch
    number: int
    code: str


class CodeBook:
    """All coupon batches at one moment. Never changes.

    ``secret`` is the system's key for coupons; ``resting`` are batches that are not live: what
    orders hold of them can still be settled.
    """

    def __init__(
        self, batches: Iterable[Batch], secret: bytes, resting: Iterable[Batch] = ()
    ) -> None:
        self._space = CodeSpace(secret, PURPOSE)
        self._wrong: frozenset[str] = frozenset()
        self._listed: dict[str, Found] = {}
        self._made: dict[int, Batch] = {}
        self._by_id = {batch.id: batch for batch in batches}
        rests = list(resting)
        every = [*rests, *self._by_id.values()]
        self._has_personal = any(batch.personal is not None for batch in every)
        for batch in every:  # a live one stands before one that rests
            self._listed.update({code: Found(batch, n, code) for n, code in enumerate(batch.codes)})
            if batch.maker is not None:
                self._made[batch.maker.tag] = batch

    def batch(self, batch_id: str) -> Batch | None:
        """Return a batch by its id."""
        return self._by_id.get(batch_id)

    @property
    def has_personal(self) -> bool:
        """Whether codes of some batch belong to customers."""
        return self._has_personal

    def find(self, code: str) -> Found | None:
        """Return what a code, normal in form, is of; None for any other text, and when void.

        Any text takes the same work.
        """
        found = self.locate(code)
        return found if self.may_be_used(code, found) else None

    def may_be_used(self, code: str, found: Found | None) -> bool:
        """Say whether what was located is of a live batch and not void."""
        if found is None or code in self._wrong or found.number in found.batch.voids:
            return False
        return found.batch.id in self._by_id

    def without(self, codes: frozenset[str]) -> "CodeBook":
        """Return the book in which these codes, normal in form, are unknown."""
        if not codes:
            return self
        book = copy(self)
        book._wrong = codes  # noqa: SLF001  # the copy is of our own class
        return book

    def locate(self, code: str) -> Found | None:
        """Return what a code, normal in form, is of, void or not, live or resting."""
        tag, number = self._space.read(code[-LENGTH:])
        batch = self._made.get(tag)
        listed = self._listed.get(code)
        if listed is not None:
            return listed
        made = None if batch is None else batch.maker
        if batch is None or made is None or number >= made.count or code[:-LENGTH] != made.prefix:
            return None
        return Found(batch, number, printed(code))


def compile_batch(
    batch_id: str, document: CouponBatchDocument, secret: bytes, voids: Ranges = NO_RANGES
) -> Batch:
    """Return a batch from a document that has passed its check, and its void numbers.

    Without ``uses_total`` it holds as many uses as its codes have.
    """
    listed = tuple(normal(code) for code in document.codes or ())
    count = document.count or len(listed)
    maker = None
    if document.count:
        maker = CodeMaker(CodeSpace(secret, PURPOSE), batch_id, document.prefix, count)
    return Batch(
        id=batch_id,
        name=document.name,
        maker=maker,
        codes=listed,
        uses_per_code=document.uses_per_code,
        uses_per_customer=document.uses_per_customer,
        uses_total=document.uses_total or count * document.uses_per_code,
        starts_us=0 if document.starts_at is None else parse_rfc3339(document.starts_at),
        ends_us=FOREVER_US if document.ends_at is None else parse_rfc3339(document.ends_at),
        personal=document.personal,
        lock_minutes=document.lock_minutes,
        return_on_refund=document.return_on_refund,
        return_valid_days=document.return_valid_days,
        voids=voids,
    )
