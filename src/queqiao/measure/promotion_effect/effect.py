"""Answers what the effect of promotions is: one in full, or many in a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import NotFound, Unavailable
from queqiao.measure.people import any_stitched
from queqiao.measure.promotion_effect import notes
from queqiao.measure.promotion_effect.contracts import (
    Budget,
    Effect,
    EffectRow,
    Effects,
    Figures,
    Lift,
    Named,
    Shown,
)
from queqiao.measure.promotion_effect.figures import (
    NEVER_SHOWN,
    NOTHING_SOLD,
    currencies,
    figures,
    series,
    shown,
)
from queqiao.measure.promotion_effect.known import Counted, Good, Known, KnownPromotions
from queqiao.measure.promotion_effect.lift import lift
from queqiao.measure.promotion_effect.question import Question
from queqiao.measure.promotion_effect.relations import END, START, Asked, numbers, rows_of
from queqiao.measure.promotion_effect.sides import sides
from queqiao.measure.query import received, resolve
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import watermark

GOODS_MAX = 20_000
"""Kinds of goods whose costs one question carries."""


class EffectServices(Struct, frozen=True):
    """What answering needs. ``currency`` and ``zone`` are the shop's."""

    warehouse: Warehouse
    promotions: KnownPromotions
    currency: str
    zone: str


class _Moment(Struct, frozen=True):
    """Up to which offset a question is answered, and when the last event of it was received."""

    as_of: int
    watermark: str | None
    asked_at: str


async def effect(
    services: EffectServices, promotion_id: str, question: Question, now_us: int
) -> Effect:
    """Return the effect of a promotion. Raises NotFound where nobody ever knew it."""
    warehouse = services.warehouse
    known = await services.promotions.one(promotion_id)
    moment = await _moment(warehouse, question, now_us)
    own = known.currency if known is not None else None
    currency = question.currency or own or services.currency
    asked = await _asked(warehouse, promotion_id, question, moment.as_of, currency)
    if known is None and not await _is_told(warehouse, asked):
        raise NotFound
    asked, is_whole = await _with_goods(services, asked)
    held = (await shown(warehouse, asked)).get(promotion_id)
    return Effect(
        promotion=known.named if known is not None else Named(promotion_id),
        from_=question.from_,
        to=question.to,
        timezone=question.zone,
        currency=currency,
        other_currencies=[one for one in await currencies(warehouse, asked) if one != currency],
        figures=_margins((await figures(warehouse, asked)).get(promotion_id), is_whole=is_whole),
        shown=held[0] if held is not None else NEVER_SHOWN,
        budget=(await _budgets(services, {promotion_id: known})).get(promotion_id),
        granularity=question.step,
        series=await series(warehouse, asked, question.step),
        lift=await _lift(services, asked, known, question.detect),
        watermark=moment.watermark,
        watermark_offset=moment.as_of,
        as_of=moment.as_of,
        asked_at=moment.asked_at,
    )


async def effects(services: EffectServices, question: Question, now_us: int) -> Effects:
    """Return the figures of every promotion that was used or shown in the period, or is live."""
    warehouse = services.warehouse
    known = await services.promotions.every()
    moment = await _moment(warehouse, question, now_us)
    currency = question.currency or services.currency
    asked = await _asked(warehouse, None, question, moment.as_of, currency)
    asked, is_whole = await _with_goods(services, asked)
    sold = await figures(warehouse, asked)
    held = await shown(warehouse, asked)
    ids = _wanted(known, sold, held, question.state)
    budgets = await _budgets(services, {name: known.get(name) for name in ids})

    def row(name: str) -> EffectRow:
        told, treated, holdback = held.get(name, (NEVER_SHOWN, 0, 0))
        named = known[name].named if name in known else Named(name)
        figured = _margins(sold.get(name), is_whole=is_whole)
        return EffectRow(named, figured, told, budgets.get(name), treated, holdback)

    rows = [row(name) for name in ids]
    return Effects(
        rows=_sorted(rows, question)[: question.limit],
        count=len(rows),
        from_=question.from_,
        to=question.to,
        timezone=question.zone,
        currency=currency,
        other_currencies=[one for one in await currencies(warehouse, asked) if one != currency],
        watermark=moment.watermark,
        watermark_offset=moment.as_of,
        as_of=moment.as_of,
        asked_at=moment.asked_at,
    )


async def _moment(warehouse: Warehouse, question: Question, now_us: int) -> _Moment:
    loaded = await watermark(warehouse)
    as_of = await resolve(warehouse, question.as_of, loaded)
    return _Moment(as_of, await received(warehouse, as_of, loaded), format_rfc3339(now_us))


async def _asked(
    warehouse: Warehouse, promotion_id: str | None, question: Question, as_of: int, currency: str
) -> Asked:
    stitched = await any_stitched(warehouse, as_of)
    return Asked(promotion_id, question.period, as_of, currency, stitched, question.zone, {})


async def _with_goods(services: EffectServices, asked: Asked) -> tuple[Asked, bool]:
    """Return the question with what is known of the goods sold; False where they are too many."""
    statement = (
        "SELECT DISTINCT sku FROM order_lines WHERE offset <= {as_of:UInt64} AND sku != ''"  # noqa: S608  # our own words; values are parameters
        f" AND ((time >= {START} AND time < {END}) OR order_id IN ({numbers(asked)}))"
        f" ORDER BY sku LIMIT {GOODS_MAX + 1}"
    )
    rows = await rows_of(services.warehouse, asked, statement)
    if len(rows) > GOODS_MAX:
        return asked, False
    skus = [row[0] for row in rows]
    goods: Mapping[str, Good] = await services.promotions.goods(
        skus, asked.currency, asked.promotion_id
    )
    return replace(asked, goods=goods), True


async def _is_told(warehouse: Warehouse, asked: Asked) -> bool:
    """Say whether the log ever told of a promotion."""
    statement = " UNION ALL ".join(
        f"SELECT count() AS n FROM {table} WHERE promotion_id = {{promotion:String}}"  # noqa: S608  # likewise
        for table in ("promotion_uses", "promotion_exposures")
    )
    found = (await warehouse.query(statement, {"promotion": asked.promotion_id})).rows
    return any(row[0] for row in found)


def _margins(found: Figures | None, *, is_whole: bool) -> Figures:
    """Return the figures, without a margin where the goods were too many to be asked about."""
    if found is None or is_whole:
        return found or NOTHING_SOLD
    margin = replace(found.margin, known_share=None, note=notes.GOODS_TOO_MANY)
    return replace(found, margin=margin)


async def _lift(services: EffectServices, asked: Asked, known: Known | None, detect: float) -> Lift:
    found = lift(await sides(services.warehouse, asked), known, detect)
    if known is None:
        return found
    in_scope = await services.promotions.scope_size(known.named.id)
    return replace(found, cannibalised=replace(found.cannibalised, skus_in_scope=in_scope))


async def _budgets(
    services: EffectServices, known: Mapping[str, Known | None]
) -> Mapping[str, Budget]:
    """Return what the ledger counts of promotions; nothing while it is away."""
    batches = {name: one.code_batch if one is not None else None for name, one in known.items()}
    try:
        counted = await services.promotions.counted(batches)
    except Unavailable:
        return {}
    return {name: _budget(known[name], one) for name, one in counted.items()}


def _budget(known: Known | None, counted: Counted) -> Budget:
    total = known.budget if known is not None else None
    spent, reserved = counted.discount, counted.discount_reserved
    return Budget(
        total=total,
        spent=spent,
        reserved=reserved,
        left=None if total is None else total - spent - reserved,
        share=spent / total if total else None,
        uses=counted.uses,
        uses_reserved=counted.uses_reserved,
        uses_total=known.uses_total if known is not None else None,
    )


def _wanted(
    known: Mapping[str, Known],
    sold: Mapping[str, Figures],
    held: Mapping[str, tuple[Shown, int, int]],
    state: str | None,
) -> Sequence[str]:
    seen = {name for name, (told, _, _) in held.items() if told.customers}
    live = {name for name, one in known.items() if one.named.state == "live"}
    if state is not None:
        live = {name for name, one in known.items() if one.named.state == state}
        return sorted(live)
    return sorted(sold.keys() | seen | live)


def _sorted(rows: Sequence[EffectRow], question: Question) -> list[EffectRow]:
    """Return the rows by the column asked for; what is not known stands last, ties by id."""
    valued = [(_value(row, question.sort), row) for row in rows]
    some = [pair for pair in valued if pair[0] is not None]
    some.sort(key=lambda pair: pair[1].promotion.id)
    some.sort(key=lambda pair: pair[0], reverse=question.descending)
    none = sorted((row for value, row in valued if value is None), key=lambda one: one.promotion.id)
    return [*(row for _, row in some), *none]


def _value(row: EffectRow, sort: str) -> Any:
    values: dict[str, Any] = {
        "margin": row.figures.margin.amount,
        "customers": row.figures.customers.all,
        "new_customers": row.figures.customers.new,
        "rate": row.shown.rate,
        "budget_share": row.budget.share if row.budget is not None else None,
        "name": row.promotion.name,
    }
    return values[sort] if sort in values else getattr(row.figures, sort)
