"""The store's thousand promotions, as a believable shop has them: made from a seed.

Most ask for something that a given cart has not (other goods, more of them, a channel, an hour, a
code, a segment), and those that hold give little: the store's calculation profile lets one of a
kind give, and no line loses more than a quarter of its price, which its cost leaves room for.

Those of ``early`` kinds run in the store's history and are there before it begins. The others
start when it ends: what a quote answers in the history never depends on when they came.
"""

from collections.abc import Iterable
from itertools import islice
from random import Random
from typing import Final

import msgspec

from queqiao.demo.documents import PROMOTIONS
from queqiao.demo.early_offers import EARLY
from queqiao.demo.goods import Good
from queqiao.demo.late_offers import LATER, Kind, upcoming
from queqiao.demo.shelf import Document, Made, Shelf
from queqiao.kernel.clock import DAY_US, HOUR_US, format_rfc3339

THOUSAND: Final = 1_000
"""So many promotions are live in all, those of ``documents.PROMOTIONS`` among them."""

PROFILE_ID: Final = "store"
PROFILE: Final[Document] = {
    "name": "全店口径：同类取最优，单件最多减 25% · One of a kind, 25 % off at most",
    "selection": "best_in_group",
    "layer_among": {"price": "best", "line": "best", "order": "best"},
    "one_per_unit": ["price"],
    "line_cap_percent": "25",
}
"""How the store reckons: no line may lose more than its goods earn."""


class Span(msgspec.Struct, frozen=True):
    """The store's history, from its birth to the present, in microseconds."""

    born_us: int
    now_us: int


def early_offers(goods: list[Good], span: Span, chance: Random) -> dict[str, Document]:
    """Return the promotions that run in the history, by id."""
    return {
        name: document | _early_period(span, chance)
        for name, document in _made(EARLY, Shelf(goods), chance)
    }


def later_offers(goods: list[Good], span: Span, chance: Random) -> dict[str, Document]:
    """Return the promotions that start when the history ends, or later still, by id.

    With the early ones and those of ``documents.PROMOTIONS`` they are a thousand.
    """
    shelf = Shelf(goods)
    found = {
        name: document | _later_period(span, chance)
        for name, document in _made(LATER, shelf, chance)
    }
    missing = THOUSAND - len(PROMOTIONS) - sum(count for _, count in EARLY) - len(found)
    return found | dict(islice(upcoming(shelf, chance, span.now_us), missing))


def _made(kinds: Iterable[Kind], shelf: Shelf, chance: Random) -> Made:
    for make, count in kinds:
        yield from islice(make(shelf, chance), count)


def _early_period(span: Span, chance: Random) -> Document:
    """Most from the store's first hour; some begin on a later day, and some are over already."""
    days = (span.now_us - span.born_us) // DAY_US
    starts_us = span.born_us
    if days > 3 and chance.random() < 0.25:
        starts_us += chance.randrange(1, days * 2 // 3) * DAY_US
    if days > 3 and chance.random() < 0.08:
        ends_us = max(starts_us + DAY_US, span.now_us - chance.randrange(1, 5) * DAY_US)
    else:
        ends_us = span.now_us + chance.randrange(5, 90) * DAY_US
    return {"starts_at": format_rfc3339(starts_us), "ends_at": format_rfc3339(ends_us)}


def _later_period(span: Span, chance: Random) -> Document:
    """From the end of the history: days or months, a few without an end."""
    starts = {"starts_at": format_rfc3339(span.now_us)}
    if chance.random() < 0.1:
        return starts
    ends_us = span.now_us + chance.randrange(2, 90) * DAY_US - chance.randrange(12) * HOUR_US
    return starts | {"ends_at": format_rfc3339(ends_us)}
