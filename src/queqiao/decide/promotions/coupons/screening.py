"""The codes of a quote: which are wrong, which are right and give nothing, which are its order's.

Nothing is taken. A code without a use left says so, so that no order is refused what a quote has
shown; a wrong one is refused as everywhere, and counted as a guess.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from msgspec import structs

from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.redemption import Asked, Coupons, closed
from queqiao.decide.promotions.coupons.uses import Use, exhausted, reason_of
from queqiao.decide.promotions.reasons import Reason
from queqiao.kernel.clock import SECOND_US
from queqiao.ports.ledger.base import Balance, Ledger


class Screened(NamedTuple):
    """A quote's codes: wrong ones, right ones that give nothing, with why, and those of its order.

    All in their normal form.
    """

    wrong: frozenset[str]
    closed: Mapping[str, Reason]
    own: frozenset[str]


async def screen(
    coupons: Coupons, ledger: Ledger, codes: tuple[str, ...], asked: Asked
) -> Screened:
    """Look at the codes that ``asked`` shows. Raises TooManyRequests after too many guesses."""
    found = {
        normal(code): await coupons.look(structs.replace(asked, code=code))
        for code in dict.fromkeys(codes)
    }
    right = {code: seen for code, seen in found.items() if seen is not None}
    now_us = asked.now_us
    own = {code for code, seen in right.items() if seen.order.leased * SECOND_US > now_us}
    uses = {
        code: structs.replace(seen.use, offers=())
        for code, seen in right.items()
        if code not in own
    }
    balances = await _balances(ledger, uses.values(), now_us) if uses else {}
    reasons = {code: closed(use, now_us) or used_up(use, balances) for code, use in uses.items()}
    nothing = {code: cast("Reason", reason) for code, reason in reasons.items() if reason}
    return Screened(frozenset(found.keys() - right.keys()), nothing, frozenset(own))


async def _balances(ledger: Ledger, uses: Iterable[Use], now_us: int) -> Mapping[str, Balance]:
    """Return what counters hold; once more where one seems used up by what has expired."""
    every = list(uses)
    counters = [take.counter for use in every for take in use.bounds()]
    balances = await ledger.balances(counters)
    if any(used_up(use, balances) for use in every):
        await ledger.expire(now_us)
        balances = await ledger.balances(counters)
    return balances


def used_up(use: Use, balances: Mapping[str, Balance]) -> str | None:
    """Return which limit of its batch leaves the code no use, None when none does."""
    counter = exhausted(use.bounds(), balances)
    return None if counter is None else reason_of(counter, use)
