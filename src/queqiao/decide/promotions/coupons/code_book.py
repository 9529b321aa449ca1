"""Coupon batches compiled: which batch is a code of, and what may be done with it."""

from collections.abc import Iterable

import msgspec

from queqiao.decide.promotions.coupons.codes import LENGTH, CodeMaker, normal
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import parse_rfc3339


class Batch(msgspec.Struct, frozen=True):
    """One coupon batch, ready to look codes up. ``maker`` is None for listed codes."""

    id: str
    name: str
    maker: CodeMaker | None
    codes: frozenset[str]
    uses_per_code: int
    uses_per_customer: int | None
    uses_total: int
    starts_us: int
    ends_us: int


class CodeBook:
    """All coupon batches at one moment. Never changes."""

    def __init__(self, batches: Iterable[Batch] = ()) -> None:
        self._listed: dict[str, Batch] = {}
        self._made: dict[str, list[Batch]] = {}
        for batch in batches:
            self._listed.update(dict.fromkeys(batch.codes, batch))
            if batch.maker is not None:
                self._made.setdefault(batch.maker.prefix, []).append(batch)

    def find(self, code: str) -> Batch | None:
        """Return the batch that a code, normal in form, belongs to."""
        listed = self._listed.get(code)
        if listed is not None:
            return listed
        for batch in self._made.get(code[:-LENGTH], ()):
            if batch.maker is not None and batch.maker.number(code) is not None:
                return batch
        return None


def compile_batch(batch_id: str, document: CouponBatchDocument, secret: bytes) -> Batch:
    """Return a batch from a document that has passed its check.

    Without ``uses_total`` it holds as many uses as its codes have.
    """
    listed = frozenset(normal(code) for code in document.codes or ())
    count = document.count or len(listed)
    maker = CodeMaker(secret, batch_id, document.prefix, count) if document.count else None
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
    )
