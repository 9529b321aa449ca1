"""Many reservations in one frame of the journal, and the one way from a frame back to the state.

A group's rows are what a ``Step`` is, without what reservations share or imply: the effects of a
row are that its counters open, ``moved`` is done, and ``asked`` goes from free to leased.
"""

import msgspec

from queqiao.ports.ledger.base import EARLY, LATE, Ask, Clashed, Leased, Outcome, Refused
from queqiao.ports.ledger.books import Books, Transfer, to_limit
from queqiao.ports.ledger.steps import Holding, State, Step

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


_NOTHING: dict[str, int] = {}
"""What a new reservation has spent and given back; one for all, since holdings never change."""
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

    None: nothing is done, and ``plan`` and ``apply`` are to say what happens. Most asks are
    granted, so this looks each counter up once and takes at once; a short one gives back.
    """
    if now_us < ask.opens_us or now_us >= ask.closes_us:
        return None
    counters, limits = books.counters, ask.limits
    opened: dict[str, int] = {}
    for name, amount in ask.amounts.items():
        found = counters.get(name)
        if found is None:
            limit = limits.get(name)
            if amount > (limit or 0):
                break
            if limit is not None:
                opened[name] = limit
                counters[name] = -limit, limit - amount, amount, 0, limit
            continue
        budget, free, leased, spent, wanted = found
        if amount > free or limits.get(name, wanted) != wanted:
            break
        if amount:
            counters[name] = budget, free - amount, leased + amount, spent, wanted
    else:
        return Row(ask.key, ask.amounts, ask.expires_at_us, opened)
    _unlease(books, ask, opened, name)
    return None


def _unlease(books: Books, ask: Ask, opened: dict[str, int], short: str) -> None:
    """Take back what an ask took of the counters before the one that is short."""
    for name, amount in ask.amounts.items():
        if name == short:
            return
        if name in opened:
            books.forget(name)
        elif amount:
            books.unlease({name: amount})


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
    state: State = "open" if row.refused is None else "refused"
    nothing = _NOTHING
    return Holding(
        "reserve", state, at_us, row.asked, row.expires_at_us, nothing, nothing, row.refused
    )


def outcome(held: Holding, ask: Ask) -> Outcome:
    """Return the first answer of a key that comes again."""
    if held.kind != "reserve" or held.asked_first != ask.amounts:
        return Clashed()
    return held.refused or Leased(held.expires_at_us)
