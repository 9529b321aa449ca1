"""Profiles: what is known of one shopper, and short lines about many."""

from typing import Any

import msgspec

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import NotFound
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import PERSONALIZATION, allows
from queqiao.profile.conditions import Condition
from queqiao.profile.live_reader import UNKNOWN, Known, Told
from queqiao.profile.person_query import MAIN_CURRENCY, OWNER, person_query

TIMELINE = 100
INTERESTS = 10
IDS_MAX = 50

_SUMMARY = (
    "activity.person, toUnixTimestamp64Micro(last_seen) AS seen_us, visits, orders, spent_minor,"
    " arraySlice(categories, 1, 1) AS favourite"
)
_PROFILE = (
    "toUnixTimestamp64Micro(last_seen), toUnixTimestamp64Micro(first_seen), visits, orders,"
    " spent_minor, categories, shares, trait_names, trait_values"
)
_TIMELINE = f"""WITH {OWNER}
SELECT timestamp, type, event, sku, category, order_id, value_minor, currency, channel, campaign_id
FROM history WHERE timestamp <= fromUnixTimestamp64Micro({{now:Int64}}, 'UTC')
  AND {allows(PERSONALIZATION)} AND (person_id = {{person:String}} OR person_id IN (
    SELECT known FROM owner WHERE user = {{person:String}}))
ORDER BY timestamp DESC, offset DESC LIMIT {{limit:UInt32}}
"""  # noqa: S608  # our own words; values are parameters


_IDS = f"""WITH {OWNER}
SELECT DISTINCT known FROM owner WHERE user = {{person:String}}
ORDER BY known LIMIT {{limit:UInt32}}
"""  # noqa: S608  # our own words; values are parameters


class PersonSummary(msgspec.Struct, frozen=True):
    """One line about a person. ``spent_minor`` is in the shop's main currency."""

    person_id: str
    last_seen: str
    visits: int
    orders: int
    spent_minor: int
    top_category: str | None


class Interest(msgspec.Struct, frozen=True):
    """A category and its share of the person's weighted events (all shares sum to 1)."""

    category: str
    share: float


class Moment(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event of a person's timeline; fields that the event has not are left out."""

    timestamp: str
    type: str
    event: str = ""
    sku: str = ""
    category: str = ""
    order_id: str = ""
    value_minor: int = 0
    currency: str = ""
    channel: str = ""
    campaign_id: str = ""


class RecentGood(msgspec.Struct, frozen=True):
    """A product, and when the person touched it last."""

    sku: str
    at: str


class Lately(msgspec.Struct, frozen=True):
    """What recommendations know of a person just now, the latest first; nothing unless ``known``.

    ``carted`` are goods that were put into the cart, and neither taken out nor bought since. The
    counts are of the business day ``day``.
    """

    known: Known
    viewed: list[RecentGood]
    carted: list[RecentGood]
    bought: list[RecentGood]
    day: str
    views: int
    carts: int
    orders: int


class Profile(msgspec.Struct, frozen=True):
    """All that is known of a person. ``currency`` is that of ``spent_minor``; None before sales."""

    person_id: str
    demographics: dict[str, str]
    recency_days: int
    first_seen: str
    last_seen: str
    visits: int
    orders: int
    spent_minor: int
    currency: str | None
    category_interest: list[Interest]
    segments: list[str]
    timeline: list[Moment]
    lately: Lately
    as_of: str


async def summaries(
    warehouse: Warehouse,
    now_us: int,
    limit: int,
    *,
    condition: Condition | None = None,
    query: str = "",
    after: tuple[int, str] | None = None,
) -> list[PersonSummary]:
    """Return people by their last visit, latest first; ``query`` is part of the id.

    ``after`` is the last line of the page before: its last visit in microseconds and its person.
    """
    clauses = ["1"] if condition is None else [condition.sql]
    parameters: dict[str, Any] = {} if condition is None else dict(condition.parameters)
    if query:
        clauses.append("positionCaseInsensitiveUTF8(activity.person, {query:String}) > 0")
    if after is not None:
        clauses.append(
            "(toUnixTimestamp64Micro(last_seen), activity.person)"
            " < ({after_us:Int64}, {after_person:String})"
        )
        parameters |= {"after_us": after[0], "after_person": after[1]}
    parts = {"activity", "visiting", "buying", "interest", *(condition.parts if condition else ())}
    order = "ORDER BY seen_us DESC, activity.person DESC LIMIT {limit:UInt32}"
    rest = f"WHERE {' AND '.join(clauses)} {order}"
    parameters |= {"now": now_us, "limit": limit, "query": query}
    categories = condition.categories if condition else ()
    sql = person_query(_SUMMARY, rest, parts, categories=categories)
    rows = (await warehouse.query(sql, parameters)).rows
    return [_summary(row) for row in rows]


async def ids_of(warehouse: Warehouse, person: str) -> list[str]:
    """Return the other ids that a person is known by: devices, and whoever was put together."""
    found = await warehouse.query(_IDS, {"person": person, "limit": IDS_MAX})
    return [row[0] for row in found.rows]


async def profile(
    warehouse: Warehouse, person: str, now_us: int, segments: list[str], told: Told = UNKNOWN
) -> Profile:
    """Return the profile with a timeline of the last events. Raises NotFound."""
    asked = {"now": now_us, "person": person}
    found = await warehouse.query(person_query(_PROFILE, "", whose="one"), asked)
    if not found.rows:
        raise NotFound
    last, first, visits, orders, spent, categories, shares, names, values = found.rows[0]
    currency = (await warehouse.query(MAIN_CURRENCY)).rows
    moments = await warehouse.query(_TIMELINE, {**asked, "limit": TIMELINE})
    return Profile(
        person_id=person,
        demographics=dict(sorted(zip(names, values, strict=True))),
        recency_days=(now_us - last) // 86_400_000_000,
        first_seen=format_rfc3339(first),
        last_seen=format_rfc3339(last),
        visits=visits,
        orders=orders,
        spent_minor=spent,
        currency=currency[0][0] or None,
        category_interest=_interests(categories, shares),
        segments=segments,
        timeline=[Moment(format_rfc3339(row[0]), *row[1:]) for row in moments.rows],
        lately=_lately(told),
        as_of=format_rfc3339(now_us),
    )


def _lately(told: Told) -> Lately:
    if told.recent is None:
        return Lately(told.known, [], [], [], "", 0, 0, 0)
    viewed, carted, bought = (
        [RecentGood(one.sku, format_rfc3339(one.at_us)) for one in goods]
        for goods in (told.recent.viewed, told.recent.carted, told.recent.bought)
    )
    day = told.recent.today
    return Lately(told.known, viewed, carted, bought, day.day, day.views, day.carts, day.orders)


def _summary(row: list[Any]) -> PersonSummary:
    person, seen_us, visits, orders, spent, favourite = row
    top = favourite[0] if favourite else None
    return PersonSummary(person, format_rfc3339(seen_us), visits, orders, spent, top)


def _interests(categories: list[str], shares: list[float]) -> list[Interest]:
    pairs = zip(categories[:INTERESTS], shares[:INTERESTS], strict=True)
    return [Interest(category, round(share, 4)) for category, share in pairs]
