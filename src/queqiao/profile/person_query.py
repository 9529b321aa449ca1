"""One row a person: the query that every profile and every segment is made of.

A person is the known user, or the anonymous visitor while unknown; what a visitor did before a
login is counted for the user that the same visitor later logged in as (``identities``), and what
any id did that is stitched to another for that other (``stitches``). Only what a person lets
personalize counts: whoever allows none of it has no profile and is in no segment. What ads ask of
people is made of what they let personalize and advertise (``FOR_ADS``).
"""

from collections.abc import Collection
from typing import Literal

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
  SELECT {person} AS person, max(each.last) AS last_seen, min(each.first) AS first_seen
  FROM (
    SELECT events.person_id AS person_id, max(events.timestamp) AS last,
      min(events.timestamp) AS first
    FROM history AS events WHERE events.person_id != '' AND {in_time}{only} GROUP BY person_id
  ) AS each LEFT JOIN owner ON each.person_id = owner.known
  GROUP BY person)"""

_VISITING = """visiting AS (
  SELECT person, count() AS visits FROM (
    SELECT DISTINCT {person} AS person, each.session_id FROM (
      SELECT DISTINCT events.person_id AS person_id, events.session_id AS session_id
      FROM history AS events
      WHERE events.person_id != '' AND events.session_id != '' AND {in_time}{only}
    ) AS each LEFT JOIN owner ON each.person_id = owner.known)
  GROUP BY person)"""

_BUYING = """buying AS (
  SELECT {person} AS person, uniqExactIf(order_lines.offset, order_lines.kind = 'sale') AS orders,
    sumIf(order_lines.amount_minor, order_lines.currency = {currency}) AS spent_minor,
    maxIf(order_lines.time, order_lines.kind = 'sale') AS last_order
  FROM order_lines LEFT JOIN owner ON order_lines.person_id = owner.known
  WHERE order_lines.person_id != '' AND {in_time}{only}
  GROUP BY person)"""

_WEIGHING = {
    "event_weight": "if(events.event = 'Product Viewed', 1, 4) * exp2(-greatest(0, {now:Int64}"
    " - toUnixTimestamp64Micro(events.timestamp)) / 2592000000000)",
    "line_weight": "10 * exp2(-greatest(0, {now:Int64} - toUnixTimestamp64Micro(order_lines.time))"
    " / 2592000000000)",
    "event_counts": "events.event IN ('Product Viewed', 'Product Added') AND events.category != ''"
    " AND events.person_id != '' AND {time}",
    "line_counts": "order_lines.kind = 'sale' AND order_lines.category != ''"
    " AND order_lines.person_id != '' AND {time}",
}
"""What tells of an interest, and how much."""

_INTEREST = """weighed AS (
  SELECT {event_person} AS person, each.category AS category, each.weight AS weight
  FROM (
    SELECT events.person_id AS person_id, events.category AS category,
      sum({event_weight}) AS weight
    FROM history AS events WHERE {event_counts}{event_only}
    GROUP BY person_id, category
  ) AS each LEFT JOIN owner ON each.person_id = owner.known
  UNION ALL
  SELECT {line_person} AS person, order_lines.category AS category, {line_weight} AS weight
  FROM order_lines LEFT JOIN owner ON order_lines.person_id = owner.known
  WHERE {line_counts}{line_only}),
interest AS (
  SELECT person, arrayReverseSort(groupArray((weight, category))) AS ranked,
    arrayMap(x -> x.2, ranked) AS categories,
    arrayMap(x -> x.1 / arraySum(y -> y.1, ranked), ranked) AS shares FROM (
    SELECT person, toString(category) AS category, sum(weight) AS weight
    FROM weighed GROUP BY person, category)
  GROUP BY person)"""

_SUMS = """sums AS (
  SELECT person, sum(whole) AS whole, {sums} FROM (
    SELECT {event_person} AS person, each.whole AS whole, {columns} FROM (
      SELECT person_id, sum(weight) AS whole, {event_sums} FROM (
        SELECT events.person_id AS person_id, events.category AS category,
          {event_weight} AS weight
        FROM history AS events WHERE {event_counts}{event_only})
      GROUP BY person_id
    ) AS each LEFT JOIN owner ON each.person_id = owner.known
    UNION ALL
    SELECT person, weight AS whole, {line_sums} FROM (
      SELECT {line_person} AS person, order_lines.category AS category, {line_weight} AS weight
      FROM order_lines LEFT JOIN owner ON order_lines.person_id = owner.known
      WHERE {line_counts}{line_only}))
  GROUP BY person)"""
"""The weight of all that a person is interested in, and of the categories that are asked for: no
row for each category of each person, which take ten times the memory."""

_MATCH = "category = {{{name}:String}} OR startsWith(category, concat({{{name}:String}}, '/'))"

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

Whose = Literal["everybody", "one", "share"]
"""Whom the query is about: everybody, one ``person``, or every ``shares``-th of all people, the
``share``-th such group. The groups together are everybody, once, and each takes less memory."""

_IS_WANTED: dict[Whose, str] = {
    "one": "{id} = {{person:String}}",
    "share": "cityHash64({id}) % {{shares:UInt32}} = {{share:UInt32}}",
}
_ONLY = """ AND ({is_mine} OR {table}.person_id IN (SELECT known FROM owner WHERE {is_users}))"""

_SUMMED: tuple[Part, ...] = ("sums",)
ALL_PARTS: tuple[Part, ...] = ("activity", "visiting", "buying", "interest", "traits")


def person_query(
    columns: str,
    rest: str,
    parts: Collection[Part] = ALL_PARTS,
    *,
    whose: Whose = "everybody",
    purposes: int = PERSONALIZATION,
    categories: Collection[str] = (),
) -> str:
    """Return ``SELECT columns FROM persons rest`` with the parts that are needed joined in.

    Parameters are ``now`` (µs, Int64; later facts are not seen) and those of ``whose``. Only events
    and order lines count that allow all ``purposes``. What events say is gathered by their own ids
    before it is joined to whom these belong: a hundred times fewer rows. ``categories`` are the
    parameters by which the part ``sums`` is asked for.
    """
    definitions = [OWNER, _part_sql("activity", whose, purposes)]
    joins = ["FROM activity"]
    for part in (*ALL_PARTS[1:], *_SUMMED):
        if part in parts:
            definitions.append(_part_sql(part, whose, purposes, categories))
            joins.append(f"LEFT JOIN {part} ON {part}.person = activity.person")
    wanted = f" WHERE {_is_wanted(whose, 'activity.person')} " if whose in _IS_WANTED else " "
    return f"WITH {', '.join(definitions)} SELECT {columns} {' '.join(joins)}{wanted}{rest}"


def _part_sql(part: Part, whose: Whose, purposes: int, categories: Collection[str] = ()) -> str:
    events = _filters("events", "timestamp", whose, purposes)
    lines = _filters("order_lines", "time", whose, purposes)
    gathered = events | {"person": _PERSON.format(table="each")}
    if part in {"interest", "sums"}:
        weighed = _weighed(gathered, lines)
        return (_INTEREST if part == "interest" else _SUMS).format(**weighed, **_sums(categories))
    if part == "buying":
        return _BUYING.format(**lines, currency=f"({MAIN_CURRENCY})")
    if part == "traits":
        return _TRAITS.format(**events)
    return {"activity": _ACTIVITY, "visiting": _VISITING}[part].format(**gathered)


def _weighed(events: dict[str, str], lines: dict[str, str]) -> dict[str, str]:
    named = {f"event_{name}": text for name, text in events.items()}
    named |= {f"line_{name}": text for name, text in lines.items()}
    times = {"event": events["in_time"], "line": lines["in_time"]}
    words = {
        name: text.replace("{time}", times[name.split("_", 1)[0]])
        for name, text in _WEIGHING.items()
    }
    return named | words


def _sums(categories: Collection[str]) -> dict[str, str]:
    matches = {name: _MATCH.format(name=name) for name in categories}
    return {
        "sums": ", ".join(f"sum({name}) AS {name}" for name in categories),
        "columns": ", ".join(f"each.{name} AS {name}" for name in categories),
        "event_sums": ", ".join(f"sumIf(weight, {one}) AS {n}" for n, one in matches.items()),
        "line_sums": ", ".join(f"if({one}, weight, 0) AS {n}" for n, one in matches.items()),
    }


def _filters(table: str, time: str, whose: Whose, purposes: int) -> dict[str, str]:
    return {
        "person": _PERSON.format(table=table),
        "in_time": f"{table}.{time} <= fromUnixTimestamp64Micro({{now:Int64}}, 'UTC')"
        f" AND {allows(purposes, table)}",
        "only": _only(table, whose),
    }


def _only(table: str, whose: Whose) -> str:
    if whose not in _IS_WANTED:
        return ""
    is_mine, is_users = (_is_wanted(whose, name) for name in (f"{table}.person_id", "user"))
    return _ONLY.format(is_mine=is_mine, table=table, is_users=is_users)


def _is_wanted(whose: Whose, id_: str) -> str:
    return _IS_WANTED[whose].format(id=id_)
