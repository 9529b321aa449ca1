"""What a rehearsal found, written for the wire."""

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict

from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.decide.promotions.rehearsal.calendar import Overlap, Planned
from queqiao.decide.promotions.rehearsal.findings import Code, Finding
from queqiao.decide.promotions.rehearsal.lowest_price import Lowest
from queqiao.decide.promotions.rehearsal.messages import (
    CalendarView,
    FindingView,
    LowestPriceOf,
    OrderReplayView,
    OverlapView,
    PlannedView,
    ReachedBy,
    WorstCartAnswer,
)
from queqiao.decide.promotions.rehearsal.replays import ReplayJob
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.trials import Trial, add_ons
from queqiao.decide.promotions.rehearsal.worst_cart import Worst
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Language

_SAID: dict[Code, Message] = {
    "over": Message("已经结束，不会再生效", "it is over and never fires again"),
    "no_goods": Message(
        "目录中没有范围内的商品，不会生效", "no goods of the catalogue are in its scope"
    ),
    "never_gives": Message(
        "条件互相矛盾或门槛够不着：单独也从不优惠",
        "its conditions contradict each other or cannot be reached: alone it gives nothing",
    ),
    "never_beside_others": Message(
        "与其他促销一起时从不生效，总被顶替", "beside the other promotions it never gives"
    ),
    "below_cost": Message("会低于成本出售", "it sells below cost"),
}


def reached_by(trial: Trial) -> ReachedBy:
    """Return how a price was reached."""
    shopper = trial.shopper
    return ReachedBy(
        add_ons(trial.cart),
        format_rfc3339(trial.at_us),
        shopper.way.channel,
        list(shopper.customer.segments or ()),
        sorted({applied.code for applied in trial.quote.applied if applied.code}),
        trial.quote.applied,
    )


def lowest(found: Lowest, costs: Mapping[str, int]) -> LowestPriceOf:
    """Return the lowest price of one SKU."""
    goods = found.goods
    cost, least = costs.get(goods.sku), goods.minimum_price_minor
    return LowestPriceOf(
        sku=goods.sku,
        price=goods.price_minor,
        lowest_price=found.price_minor,
        lowest_unit=found.unit_minor,
        cost=cost,
        minimum_price=least,
        below_cost=cost is not None and found.price_minor < cost,
        at_minimum=least is not None and found.unit_minor <= least < goods.price_minor,
        reached_by=None if found.trial is None else reached_by(found.trial),
    )


def worst(found: Worst) -> WorstCartAnswer:
    """Return the worst cart."""
    totals = found.trial.quote.totals
    paid = totals.items - totals.discount
    margin = None if found.cost_minor is None else paid - found.cost_minor
    return WorstCartAnswer(
        totals.items,
        totals.discount,
        paid,
        found.cost_minor,
        margin,
        reached_by(found.trial),
        found.complete,
    )


def finding(found: Finding, rules: Rulebook, language: Language) -> FindingView:
    """Return one finding in words."""
    return FindingView(
        found.promotion_id,
        rules.documents[found.promotion_id].name,
        found.code,
        getattr(_SAID[found.code], language),
        list(found.others),
        found.sku,
        found.price_minor,
        found.cost_minor,
    )


def replay(job: ReplayJob, language: Language) -> OrderReplayView:
    """Return a replay as it stands."""
    return OrderReplayView(
        job.id,
        job.status,
        format_rfc3339(job.created_at_us),
        format_rfc3339(job.from_us),
        format_rfc3339(job.until_us),
        job.currency,
        job.orders_total,
        job.orders_read,
        job.result,
        None if job.failure is None else getattr(job.failure, language),
    )


def inline(plan: Sequence[Planned]) -> list[InlinePromotion]:
    """Return the planned promotions as drafts, whatever their state."""
    return [InlinePromotion(**asdict(one.document) | {"id": one.id}) for one in plan]


def calendar(
    plan: Sequence[Planned], found: Sequence[Overlap], costs: Mapping[str, int], compared: int
) -> CalendarView:
    """Return the calendar."""
    promotions = [
        PlannedView(
            one.id,
            one.document.name,
            one.state,
            one.document.starts_at,
            one.document.ends_at,
            one.document.layer,
            one.document.exclusive,
        )
        for one in plan
    ]
    return CalendarView(promotions, [_overlap(one, costs) for one in found], compared)


def _overlap(found: Overlap, costs: Mapping[str, int]) -> OverlapView:
    return OverlapView(
        [found.first.id, found.second.id],
        None if found.from_us <= 0 else format_rfc3339(found.from_us),
        None if found.until_us >= FOREVER_US else format_rfc3339(found.until_us),
        found.shared_skus,
        found.stacks,
        found.conflict,
        None if found.lowest is None else lowest(found.lowest, costs),
    )
