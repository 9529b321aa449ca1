"""Many reservations in one frame of the journal, and the one way from a frame back to the state.

A group's rows are what a ``Step`` is, without what reservations share or imply: the effects of a
row are that its counters open, ``moved`` is done, and ``asked`` goes from free to leased.
"""

import msgspec

from queqiao.ports.ledger.base import EARLY, LATE, Ask, Clashed, Leased, Outcome, Refused
from queqiao.ports.ledger.books import Books, Standing, Transfer, to_limit
from queqiao.ports.ledger.steps import Holding, Step

GROUP = b"\xc1"
"""Begins a frame that holds a group: a byte that msgpack never uses, so no step begins with it."""


class Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One reservation of a group. ``limits`` are newly wanted ones, of new counters or old."""

    key: str
    asked: dict[str, int]
    expires_at_us: int
    limits: dict[str, int] = {}
    moved: list[Transfer] = []
    refused: Refused | None = None


class Group(msgspec.Struct, array_like=True, frozen=True):
    """Reservations of one moment, in their order."""

    at_us: int
    rows: list[Row]


_encoder = msgspec.msgpack.Encoder()
_steps = msgspec.msgpack.Decoder(Step)
_groups = msgspec.msgpack.Decoder(Group)


def encode_step(step: Step) -> bytes:
    """Return a step as it stands in the journal."""
    return _encoder.encode(step)


def encode_group(group: Group) -> bytes:
    """Return a group as it stands in the journal."""
    return GROUP + _encoder.encode(group)


def decode(payload: bytes) -> Step | Group:
    """Return what a frame of the journal holds."""
    if payload[:1] == GROUP:
        return _groups.decode(memoryview(payload)[1:])
    return _steps.decode(payload)


def lease(books: Books, ask: Ask, now_us: int) -> Row | None:
    """Do an ask under a new key the quick way, if it is granted and changes no limit.

    None: nothing was done, and ``plan`` and ``apply`` are to say what happens. Most asks are
    granted or meet a counter that is short, so this looks each counter up once.
    """
    if now_us < ask.opens_us or now_us >= ask.closes_us:
        return None
    counters, limits = books.counters, ask.limits
    opened: dict[str, int] = {}
    taken: list[tuple[str, Standing, int]] = []
    for name, amount in ask.amounts.items():
        found, limit = counters.get(name), limits.get(name)
        if found is None:
            if amount > (limit or 0):
                return None
            if limit is not None:
                opened[name] = limit
        elif (limit is not None and limit != found[4]) or amount > found[1]:
            return None
        elif amount:
            taken.append((name, found, amount))
    for name, (budget, free, leased, spent, wanted), amount in taken:
        counters[name] = budget, free - amount, leased + amount, spent, wanted
    for name, limit in opened.items():
        amount = ask.amounts[name]
        counters[name] = -limit, limit - amount, amount, 0, limit
    return Row(ask.key, ask.amounts, ask.expires_at_us, opened)


def plan(books: Books, ask: Ask, now_us: int) -> Row:
    """Return what an ask under a new key does, or why it is refused. Changes nothing."""
    if now_us < ask.opens_us or now_us >= ask.closes_us:
        outside = Refused(EARLY if now_us < ask.opens_us else LATE, 0)
        return Row(ask.key, ask.amounts, ask.expires_at_us, refused=outside)
    counters, limits, short = books.counters, ask.limits, None
    opened: dict[str, int] = {}
    changed: dict[str, int] = {}
    for name, amount in ask.amounts.items():
        found, limit = counters.get(name), limits.get(name)
        if found is None:
            free = limit or 0
            if limit is not None:
                opened[name] = limit
        elif limit is None or limit == found[4]:
            free = found[1]
        else:
            changed[name] = limit
            free = books.preview(name, to_limit(name, books.balance(name), limit)).free
        if amount > free and short is None:
            short = Refused(name, free)
    if short is None and not changed:
        return Row(ask.key, ask.amounts, ask.expires_at_us, opened)
    if short is None:
        changed |= opened
    moved = [
        transfer
        for name, limit in changed.items()
        if name in counters
        for transfer in to_limit(name, books.balance(name), limit)
    ]
    return Row(ask.key, ask.amounts, ask.expires_at_us, changed, moved, short)


def apply(books: Books, row: Row) -> dict[str, int] | None:
    """Do a row's transfers; return the wanted limits of old counters before it, if any changed."""
    before: dict[str, int] | None = None
    counters = books.counters
    for name, limit in row.limits.items():
        found = counters.get(name)
        if found is None:
            counters[name] = -limit, limit, 0, 0, limit
        else:
            before = before or {}
            before[name] = found[4]
            books.relimit(name, limit)
    if row.moved:
        books.apply(row.moved)
    if row.refused is None:
        books.lease(row.asked)
    return before


def undo(books: Books, row: Row, before: dict[str, int] | None) -> None:
    """Take a row's transfers back."""
    if row.refused is None:
        books.unlease(row.asked)
    books.undo(row.moved)
    for name in row.limits:
        if before is not None and name in before:
            books.relimit(name, before[name])
        else:
            books.forget(name)


def entries(books: Books, row: Row) -> int:
    """Return how many transfers a row is that is yet to be applied."""
    opened = sum(not books.is_open(name) for name in row.limits)
    taken = 0 if row.refused is not None else sum(amount > 0 for amount in row.asked.values())
    return opened + len(row.moved) + taken


def holding(row: Row, at_us: int) -> Holding:
    """Return what is remembered of a row's key."""
    state = "open" if row.refused is None else "refused"
    return Holding("reserve", state, at_us, row.asked, row.expires_at_us, {}, {}, row.refused)  # type: ignore[arg-type]  # one of the states


def outcome(held: Holding, ask: Ask) -> Outcome:
    """Return the first answer of a key that comes again."""
    if held.kind != "reserve" or held.asked != ask.amounts:
        return Clashed()
    return held.refused or Leased(held.expires_at_us)
