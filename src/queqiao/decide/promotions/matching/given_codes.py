"""The codes that came with a question: which batches they open, and which are good for nothing."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.snapshot import PromotionsSnapshot


class BadCode(NamedTuple):
    """A code that unlocks nothing. The code is as the shopper wrote it."""

    code: str
    reason: Reason


class GivenCodes(NamedTuple):
    """The first good code of each batch, and the codes that are good for nothing."""

    of_batch: Mapping[str, str]
    bad: Sequence[BadCode]


def read_codes(
    codes: Sequence[str],
    now_us: int,
    promotions: PromotionsSnapshot,
    closed: Mapping[str, Reason] = MappingProxyType({}),
) -> GivenCodes:
    """Look the codes up; ``closed`` are those that give nothing, by their normal form."""
    good: dict[str, str] = {}
    bad: list[BadCode] = []
    for code in codes:
        batch_id, reason = _read(code, now_us, promotions)
        if closed and reason is None:
            reason = closed.get(normal(code))
        if reason is not None:
            bad.append(BadCode(code, reason))
        else:
            good.setdefault(batch_id, code)
    return GivenCodes(good, bad)


def _read(code: str, now_us: int, promotions: PromotionsSnapshot) -> tuple[str, Reason | None]:
    if promotions.inline and promotions.unlocked_by(code):
        return code, None
    found = promotions.code_book.find(normal(code))
    if found is None:
        return "", "code_unknown"
    batch = found.batch
    if now_us < batch.starts_us:
        return "", "code_not_started"
    if now_us >= batch.ends_us:
        return "", "code_ended"
    if not promotions.unlocked_by(batch.id):
        return "", "code_without_promotion"
    return batch.id, None
