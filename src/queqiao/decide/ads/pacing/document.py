"""How a campaign bids by itself: the ``strategy`` of its document."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from queqiao.decide.ads.auction import Pricing
from queqiao.kernel.errors import FieldError, Message
from queqiao.kernel.money import MINOR_MAX

Kind = Literal["manual", "max_delivery", "max_gmv", "tcpa", "troas", "ocpm"]
Spread = Literal["asap", "even", "predictive"]
Wanted = Literal["click", "conversion"]

RETURN_PERCENT_MAX = 1_000_000

TARGETED: frozenset[Kind] = frozenset(("tcpa", "ocpm"))
"""Kinds with a cost per conversion that they promise to keep."""


class BidStrategy(Struct, frozen=True, forbid_unknown_fields=True):
    """What a campaign bids: ``bid_minor`` itself (manual), or at most that, by itself.

    - ``max_delivery``: the most clicks or conversions (``wanted``) that the budget buys;
      ``max_gmv``: the most order value.
    - ``tcpa``, ``ocpm``: conversions for ``target_minor`` each, on the day's average.
    - ``troas``: order value of ``target_return_percent`` percent of what was spent.

    ``pacing``: ``even`` spends along the traffic of usual days, ``predictive`` spends where the
    day is cheapest and makes the money last, ``asap`` as fast as bid and target allow.
    """

    kind: Kind = "manual"
    pacing: Spread = "asap"
    wanted: Wanted = "conversion"
    target_minor: Annotated[int, Meta(ge=1, le=MINOR_MAX)] | None = None
    target_return_percent: Annotated[int, Meta(ge=1, le=RETURN_PERCENT_MAX)] | None = None

    @property
    def is_automatic(self) -> bool:
        """Whether the bid is set by a strategy."""
        return self.kind != "manual"

    @property
    def is_controlled(self) -> bool:
        """Whether anything of the campaign is set while it runs: its bid, or its share."""
        return self.is_automatic or self.pacing != "asap"


MANUAL = BidStrategy()
"""Bids what the document says, as fast as it can."""

_NEEDED = Message("此策略需要目标；请填写", "this strategy needs it; name it")
_UNUSED = Message("此策略不用它；请删去", "this strategy has no use for it; leave it out")
_OCPM = Message(
    "策略 ocpm 按曝光计费；请把 pricing 改为 ocpm，或改用 tcpa",
    "the strategy ocpm is billed by impressions: set pricing to ocpm, or take tcpa",
)
_PREDICTIVE = Message(
    "手动出价没有预测投放；请改为 even 或 asap",
    "a manual bid cannot foresee a better one; set even or asap",
)


def check_strategy(strategy: BidStrategy, pricing: Pricing) -> list[FieldError]:
    """Return every wrong field, given what the campaign's bid is for."""
    wrong = [
        *_given("target_minor", strategy.target_minor, strategy.kind in TARGETED),
        *_given("target_return_percent", strategy.target_return_percent, strategy.kind == "troas"),
    ]
    if strategy.kind == "ocpm" and pricing != "ocpm":
        wrong.append(FieldError("pricing", _OCPM))
    if strategy.wanted != "conversion" and strategy.kind != "max_delivery":
        wrong.append(FieldError("strategy.wanted", _UNUSED))
    if strategy.pacing == "predictive" and not strategy.is_automatic:
        wrong.append(FieldError("strategy.pacing", _PREDICTIVE))
    return wrong


def _given(name: str, value: int | None, is_needed: bool) -> list[FieldError]:
    if is_needed == (value is not None):
        return []
    return [FieldError(f"strategy.{name}", _NEEDED if is_needed else _UNUSED)]
