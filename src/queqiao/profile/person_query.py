"""One row a person: the query that every profile and every segment is made of.

A person is the known user, or the anonymous visitor while unknown; what a visitor did before a
login is counted for the user that the same visitor later logged in as (``identities``), and what
any id did that is stitched to another for that other (``stitches``). Only what a person lets
personalize counts: whoever allows none of it has no profile and is in no segment. What ads ask of
people is made of what they let personalize and advertise (``FOR_ADS``).
"""

from collections.abc import Collection
from typing import Any

from queqiao.process.contracts import ADVERTISING, PERSONALIZATION, allows
from queqiao.profile.fields import Part

FOR_ADS = PERSONALIZATION | ADVERTISING
"""The purposes that an event has to allow, all of them, to be part of what ads know of a person."""

OWNER = """login AS (
  SELECT anonymous_id AS known, argMax(user_id, offset) AS user FROM identities
  WHERE anonymous_id != '' AND user_id != '' GROUP BY anonymous_id),
stitched AS (
  SELECT person_id AS known, argMax(into_id, offset) AS user FROM stitches
  GROUP BY known HAVING user != known AND user != ''),
owner AS (
  SELECT either.known AS known, if(stitched.user != '', stitched.user, either.user) AS user FROM (
    SELECT known, user FROM login
    UNION ALL SELECT known, known FROM stitched WHERE known NOT IN (SELECT known FROM login)
  ) AS either LEFT JOIN stitched ON stitched.known = either.user)"""
"""Whom each id belongs to that is not a person of its own: of a login, then of stitching."""

_PERSON = "if(owner.user != '', owner.user, {table}.person_id)"

MAIN_CURRENCY = """SELECT argMax(currency, (lines, currency)) FROM (
  SELECT toString(currency) AS currency, count() AS lines FROM order_lines GROUP BY currency)"""
"""The currency with most order lines; empty before the first sale."""

_ACTIVITY = """activity AS (
  SELECT {person} AS person,
    max(events.timestamp) AS last_seen, min(events.timestamp) AS first_seen,
    uniqExactIf(events.session_id, events.session_id != '') AS visits
  FROM history AS events LEFT JOIN owner ON events.person_id = owner.known
  WHERE events.person_id != '' AND {in_time}{only}
  GROUP BY person)"""

_BUYING = """buying AS (
  SELECT {person} AS person, uniqExactIf(order_lines.offset, order_lines.kind = 'sale') AS orders,
    sumIf(order_lines.amount_minor, order_lines.currency = {currency}) AS spent_minor,
    maxIf(order_lines.time, order_lines.kind = 'sale') AS last_order
  FROM order_lines LEFT JOIN owner ON order_lines.person_id = owner.known
  WHERE order_lines.person_id != '' AND {in_time}{only}
  GROUP BY person)"""

_INTEREST = """weighed AS (
  SELECT {event_person} AS person, events.category AS category,
    if(events.event = 'Product Viewed', 1, 4) * exp2(-greatest(0, {{now:Int64}}
      - toUnixTimestamp64Micro(events.timestamp)) / 2592000000000) AS weight
  FROM history AS events LEFT JOIN owner ON events.person_id = owner.known
  WHERE events.event IN ('Product Viewed', 'Product Added') AND events.category != ''
    AND events.person_id != '' AND {event_time}{event_only}
  UNION ALL
  SELECT {line_person} AS person, order_lines.category AS category,
    10 * exp2(-greatest(0, {{now:Int64}} - toUnixTimestamp64Micro(order_lines.time))
      / 2592000000000) AS weight
  FROM order_lines LEFT JOIN owner ON order_lines.person_id = owner.known
  WHERE order_lines.kind = 'sale' AND order_lines.category != ''
    AND order_lines.person_id != '' AND {line_time}{line_only}),
interest AS (
  SELECT person, arrayReverseSort(groupArray((weight, category))) AS ranked,
    arrayMap(x -> x.2, ranked) AS categories,
    arrayMap(x -> x.1 / arraySum(y -> y.1, ranked), ranked) AS shares FROM (
    SELECT person, toString(category) AS category, sum(weight) AS weight
    FROM weighed GROUP BY person, category)
  GROUP BY person)"""

_TRAITS = """traits AS (
  SELECT person, groupArray(name) AS trait_names, groupArray(value) AS trait_values FROM (
    SELECT {person} AS person, trait.1 AS name, argMax(
      if(JSONType(trait.2) = 'String', JSONExtractString(trait.2), trait.2),
      (events.timestamp, events.offset)) AS value
    FROM history AS events LEFT JOIN owner ON events.person_id = owner.known
    ARRAY JOIN JSONExtractKeysAndValuesRaw(events.traits) AS trait
    WHERE events.type = 'identify' AND events.person_id != ''
      AND JSONType(trait.2) IN ('String', 'Int64', 'UInt64', 'Double', 'Bool') AND {in_time}{only}
    GROUP BY person, name)
  GROUP BY person)"""

_ONLY = """ AND ({table}.person_id = {{person:String}} OR {table}.person_id IN (
    SELECT known FROM owner WHERE user = {{person:String}}))"""

ALL_PARTS: tuple[Part, ...] = ("activity", "buying", "interest", "traits")


def person_query(
    columns: str,
    rest: str,
    parts: Collection[Part] = ALL_PARTS,
    *,
    one_person: bool = False,
    purposes: int = PERSONALIZATION,
) -> str:
    """Return ``SELECT columns FROM persons rest`` with the parts that are needed joined in.

    Parameters are ``now`` (µs, Int64; later facts are not seen) and, for one person, ``person``.
    Only events and order lines count that allow all ``purposes``.
    """
    definitions = [OWNER, _part_sql("activity", one_person, purposes)]
    joins = ["FROM activity"]
    for part in ALL_PARTS[1:]:
        if part in parts:
            definitions.append(_part_sql(part, one_person, purposes))
            joins.append(f"LEFT JOIN {part} ON {part}.person = activity.person")
    alone = " WHERE activity.person = {person:String} " if one_person else " "
    return f"WITH {', '.join(definitions)} SELECT {columns} {' '.join(joins)}{alone}{rest}"


def _part_sql(part: Part, one_person: bool, purposes: int) -> str:
    events = _filters("events", "timestamp", one_person, purposes)
    lines = _filters("order_lines", "time", one_person, purposes)
    if part == "interest":
        named = {f"event_{name.removeprefix('in_')}": text for name, text in events.items()}
        named |= {f"line_{name.removeprefix('in_')}": text for name, text in lines.items()}
        return _INTEREST.format(**named)
    if part == "buying":
        return _BUYING.format(**lines, currency=f"({MAIN_CURRENCY})")
    return {"activity": _ACTIVITY, "traits": _TRAITS}[part].format(**events)


def _filters(table: str, time: str, one_person: bool, purposes: int) -> dict[str, Any]:
    return {
        "person": _PERSON.format(table=table),
        "in_time": f"{table}.{time} <= fromUnixTimestamp64Micro({{now:Int64}}, 'UTC')"
        f" AND {allows(purposes, table)}",
        "only": _ONLY.format(table=table) if one_person else "",
    }
