"""Many asks as one argument of a function, prepared so that the server has little left to do.

The server runs one function at a time, and its Lua is slow at making tables and text: what it would
make of an ask, the caller makes for it. That is what is remembered of the ask, but for its answer
and the time; and of a counter that only this ask takes from (a customer's), its row and its
transfers where the counter is new. The function decides, and uses what is prepared where it holds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from queqiao.ports.ledger.base import Ask, Clashed, Leased, Outcome, Refused
from queqiao.ports.ledger.books import Book

_encode = msgspec.msgpack.Encoder().encode
_answers = msgspec.msgpack.Decoder(list[str]).decode
_NOTHING = ("", "")


def packed(asks: Sequence[Ask]) -> bytes:
    """Return the names of the counters and the asks, in the order that the function reads."""
    uses = Counter([name for ask in asks for name in ask.amounts])
    numbers = {name: number for number, name in enumerate(uses, 1)}
    return _encode((list(numbers), [_flat(ask, uses, numbers) for ask in asks]))


def _flat(ask: Ask, uses: Mapping[str, int], numbers: Mapping[str, int]) -> list[object]:
    asked, expires_at_us = amounts_packed(ask.amounts).decode(), ask.expires_at_us
    rest = _text(_encode((asked, expires_at_us, "", ""))[1:])
    flat: list[object] = [ask.key, asked, expires_at_us, ask.opens_us, ask.closes_us, rest]
    for name, amount in ask.amounts.items():
        limit = ask.limits.get(name, -1)
        if amount or limit >= 0:
            is_alone = uses[name] == 1 and 0 < amount <= limit
            opened = _opened(name, amount, limit) if is_alone else _NOTHING
            flat += (numbers[name], amount, limit, *opened)
    return flat


def _opened(name: str, amount: int, limit: int) -> tuple[str, msgspec.Raw]:
    """Return the row of a counter that is opened and leased from, and the transfers for that."""
    transfers = _encode(
        ((name, Book.BUDGET, Book.FREE, limit), (name, Book.FREE, Book.LEASED, amount))
    )
    return f"{limit} {limit - amount} {amount} 0", _text(transfers[1:])


def _text(packed_bytes: bytes) -> msgspec.Raw:
    """Return bytes as a msgpack text, which is all that the server's Lua can hold bytes in."""
    size = len(packed_bytes)
    head = b"\xda" + size.to_bytes(2) if size < 1 << 16 else b"\xdb" + size.to_bytes(4)
    return msgspec.Raw(head + packed_bytes)


def amounts_packed(amounts: Mapping[str, int]) -> bytes:
    """Return what is asked, in an order of its own: the same amounts are the same bytes."""
    return msgspec.json.encode([(name, str(amounts[name])) for name in sorted(amounts)])


def outcomes(asks: Sequence[Ask], answer: bytes) -> Iterator[Outcome]:
    """Yield what the function answered to each ask."""
    for ask, told in zip(asks, _answers(answer), strict=True):
        if told == "L":
            yield Leased(ask.expires_at_us)
        elif told[0] == "L":
            yield Leased(int(told[1:]))
        elif told[0] == "R":
            free, _, counter = told[1:].partition(" ")
            yield Refused(counter, int(free))
        else:
            yield Clashed()
