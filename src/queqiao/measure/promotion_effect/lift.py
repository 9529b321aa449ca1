"""The effect against the holdback: both sides' customers compared, by intention to treat.

Everybody who came under the promotion before the end of the period is on the side that the draw
gave them, whether they used it or not; what they bought from then on, within the period, is theirs.
"""

from math import ceil
from typing import NamedTuple, get_args

from queqiao.measure.inference.comparing import (
    Range,
    Sample,
    customers_needed,
    newcombe,
    ratio_p_value,
    relative,
    share,
    welch,
)
from queqiao.measure.promotion_effect import notes
from queqiao.measure.promotion_effect.contracts import (
    Arm,
    Cannibalised,
    Comparison,
    Incremental,
    Interval,
    Lift,
    Metric,
    Note,
    Ratio,
    Status,
    Verdict,
)
from queqiao.measure.promotion_effect.known import Known

CUSTOMERS_MIN = 30
BUYERS_MIN = 5
"""On each side: with fewer, sums of money are too far from normal for any interval."""
UNEVEN_BELOW = 0.001
"""A share of the holdback that chance gives more rarely is not chance."""


class Side(NamedTuple):
    """One side by its sums over customers: of their orders, revenue, margin, and full-price sales.

    ``unknowns`` are lines whose cost is not known, ``promoted`` what they paid for goods in scope
    in orders with the promotion, ``discount`` what it gave them.
    """

    customers: int = 0
    buyers: int = 0
    orders: int = 0
    orders_squared: int = 0
    revenue: int = 0
    revenue_squared: int = 0
    margin: int = 0
    margin_squared: int = 0
    full: int = 0
    full_squared: int = 0
    promoted: int = 0
    known: int = 0
    discount: int = 0

    def sample(self, metric: str) -> Sample:
        """Return one number of the side's customers."""
        if metric == "conversion":
            return share(self.buyers, self.customers)
        return Sample(self.customers, getattr(self, metric), getattr(self, f"{metric}_squared"))

    @property
    def is_enough(self) -> bool:
        """Whether an interval can be given."""
        return self.customers >= CUSTOMERS_MIN and self.buyers >= BUYERS_MIN


class Sides(NamedTuple):
    """Both sides, and how many people are in both."""

    treated: Side
    holdback: Side
    crossed: int = 0


def lift(sides: Sides, known: Known | None, detect: float) -> Lift:
    """Return what the sides say. ``detect`` is the relative change that is worth finding."""
    held_back = known.holdback_share if known is not None else None
    status, note = _status(sides, held_back)
    ratio = _ratio(sides, known)
    if ratio.agrees is False:
        note = notes.SIDES_UNEVEN
    has_both = status in {"measured", "not_enough"}
    compared = [_comparison(name, sides, detect) for name in get_args(Metric)] if has_both else []
    return Lift(
        status=status,
        note=note,
        holdback_share=held_back,
        detect_share=detect,
        arms=[_arm("treated", sides.treated), _arm("holdback", sides.holdback)],
        crossed=sides.crossed,
        ratio=ratio,
        comparisons=[one for one in compared if one is not None],
        incremental=_incremental(sides) if status == "measured" else None,
        cannibalised=_cannibalised(sides, status, note),
    )


def _status(sides: Sides, held_back: float | None) -> tuple[Status, Note]:
    if not sides.holdback.customers and not held_back:
        return "no_holdback", notes.NO_HOLDBACK
    if not sides.holdback.customers and not sides.treated.customers:
        return "no_exposures", notes.NO_EXPOSURES
    if not (sides.treated.is_enough and sides.holdback.is_enough):
        return "not_enough", notes.NOT_ENOUGH
    return "measured", notes.MEASURED


def _arm(name: str, side: Side) -> Arm:
    margin = side.margin if side.known or not side.revenue else None
    return Arm(name, side.customers, side.buyers, side.orders, side.revenue, margin)  # type: ignore[arg-type]  # our own two words


def _ratio(sides: Sides, known: Known | None) -> Ratio:
    held, whole = sides.holdback.customers, sides.holdback.customers + sides.treated.customers
    found = held / whole if whole else None
    if known is None or not known.holdback_share or known.holdback_changed:
        changed = known is not None and known.holdback_changed
        return Ratio(None, found, None, None, notes.HOLDBACK_CHANGED if changed else None)
    expected = known.holdback_share
    p_value = ratio_p_value(held, whole, expected)
    if p_value is None:
        return Ratio(expected, found, None, None, notes.RATIO_TOO_FEW)
    return Ratio(expected, found, p_value, p_value >= UNEVEN_BELOW)


def _comparison(metric: Metric, sides: Sides, detect: float) -> Comparison | None:
    treated, holdback = sides.treated.sample(metric), sides.holdback.sample(metric)
    if metric == "margin" and not (sides.treated.known or sides.holdback.known):
        return None
    is_share = metric == "conversion"
    is_enough = sides.treated.is_enough and sides.holdback.is_enough
    difference = (newcombe if is_share else welch)(treated, holdback) if is_enough else None
    return Comparison(
        metric=metric,
        unit="ratio" if is_share else "count" if metric == "orders" else "minor",
        treated=treated.mean if treated.count else None,
        holdback=holdback.mean if holdback.count else None,
        difference=interval(difference),
        relative=interval(relative(treated, holdback)) if is_enough else None,
        verdict=_verdict(difference),
        more_customers=_more(sides, treated, holdback, detect),
        method="newcombe" if is_share else "welch",
    )


def _verdict(difference: Range | None) -> Verdict:
    if difference is None or difference.low is None or difference.high is None:
        return "not_enough"
    if difference.low > 0:
        return "higher"
    return "lower" if difference.high < 0 else "unclear"


def _more(sides: Sides, treated: Sample, holdback: Sample, detect: float) -> int | None:
    """Return how many more customers are needed: for any interval, and to find the change."""
    needed = customers_needed(treated, holdback, detect * holdback.mean)
    if needed is None:
        return None
    whole = treated.count + holdback.count
    least = max(_least(side, whole) for side in (sides.treated, sides.holdback))
    return max(0, max(needed, least) - whole)


def _least(side: Side, whole: int) -> int:
    """Return how many customers there must be in all for a side to be enough, as it grows now."""
    if not side.customers or not side.buyers:
        return 0
    of_customers = ceil(CUSTOMERS_MIN * whole / side.customers)
    return max(of_customers, ceil(BUYERS_MIN * whole / side.buyers))


def _incremental(sides: Sides) -> Incremental:
    count = sides.treated.customers
    found = {
        name: welch(sides.treated.sample(name), sides.holdback.sample(name))
        for name in ("orders", "revenue", "margin")
    }
    totals = {name: None if one is None else one.times(count) for name, one in found.items()}
    if not (sides.treated.known or sides.holdback.known):
        totals["margin"] = None
    orders, discount = totals["orders"], sides.treated.discount
    has_more = orders is not None and orders.low is not None and orders.low > 0
    return Incremental(
        orders=interval(orders),
        revenue=interval(totals["revenue"]),
        margin=interval(totals["margin"]),
        discount=discount,
        cost_per_order=discount / orders.value if orders is not None and has_more else None,
        note=None if has_more else notes.NO_MORE_ORDERS,
    )


def _cannibalised(sides: Sides, status: Status, note: Note) -> Cannibalised:
    treated, holdback = sides.treated.sample("full"), sides.holdback.sample("full")
    promoted, is_measured = sides.treated.promoted, status == "measured"
    fewer = welch(holdback, treated) if is_measured else None
    displaced = None if fewer is None else fewer.times(treated.count)
    of_promoted = displaced.times(1 / promoted) if displaced is not None and promoted > 0 else None
    return Cannibalised(
        status=status,
        note=notes.REPLACED if is_measured else note,
        skus_in_scope=None,
        treated=treated.mean if treated.count else None,
        holdback=holdback.mean if holdback.count else None,
        displaced=interval(displaced),
        promoted=promoted,
        share=interval(of_promoted),
    )


def interval(found: Range | None) -> Interval | None:
    """Return a range as it stands on the wire."""
    return None if found is None else Interval(*found)
