"""Double-entry books: four per counter, and transfers that only move amounts between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.ledger.base import NOTHING, Balance


class Book(IntEnum):
    """Where an amount can stand. ``BUDGET`` is the source: it owes what the others hold."""

    BUDGET = 0
    FREE = 1
    LEASED = 2
    SPENT = 3


WANTED = 4
"""Where the limit that was last set stands, behind the books of a counter."""


Standing = tuple[int, int, int, int, int]
"""The four books of a counter and its wanted limit. It is replaced, never changed: so all counters
of one moment are copied by copying a dictionary."""

Transfer = tuple[str, int, int, int]
"""Counter, book that gives, book that takes, amount (never negative)."""


_NEW: Standing = (0, 0, 0, 0, 0)


class Books:
    """The balances of all counters. Changed only by transfers, so their sum over books stays 0."""

    def __init__(self) -> None:
        self.counters: dict[str, Standing] = {}
        """Every counter by name. What writes to it beside this class is ``rows.lease`` alone."""

    def __len__(self) -> int:
        return len(self.counters)

    def __iter__(self) -> Iterator[str]:
        return iter(self.counters)

    def balance(self, counter: str) -> Balance:
        """Return one counter as it stands."""
        books = self.counters.get(counter)
        if books is None:
            return NOTHING
        return Balance(-books[Book.BUDGET], books[Book.LEASED], books[Book.SPENT], books[Book.FREE])

    def preview(self, counter: str, transfers: Iterable[Transfer]) -> Balance:
        """Return one counter as it will stand after transfers that are not done yet."""
        books = list(self.counters.get(counter, _NEW))
        for name, giver, taker, amount in transfers:
            if name == counter:
                books[giver] -= amount
                books[taker] += amount
        return Balance(-books[Book.BUDGET], books[Book.LEASED], books[Book.SPENT], books[Book.FREE])

    def free(self, counter: str) -> int:
        """Return what can be taken from a counter."""
        books = self.counters.get(counter)
        return books[Book.FREE] if books else 0

    def wanted(self, counter: str) -> int:
        """Return the limit that was last set, which a lowered limit may still be on its way to."""
        books = self.counters.get(counter)
        return books[WANTED] if books else 0

    def is_open(self, counter: str) -> bool:
        """Say whether the counter was ever given a limit."""
        return counter in self.counters

    def relimit(self, counter: str, limit: int) -> None:
        """Note the limit that is wanted from now on. The transfers to it are a separate matter."""
        budget, free, leased, spent, _ = self.counters.get(counter, _NEW)
        self.counters[counter] = budget, free, leased, spent, limit

    def forget(self, counter: str) -> None:
        """Take back the opening of a counter all of whose books are 0."""
        self.counters.pop(counter, None)

    def apply(self, transfers: Iterable[Transfer]) -> None:
        """Move the amounts. Raises Broken when a book would go below 0: a defect, not a refusal."""
        for counter, giver, taker, amount in transfers:
            books = self._move(counter, giver, taker, amount)
            if amount < 0 or (giver != Book.BUDGET and books[giver] < 0):
                raise Broken(Message("账目为负", "a book went below zero"))

    def undo(self, transfers: Iterable[Transfer]) -> None:
        """Move the amounts back."""
        for counter, giver, taker, amount in transfers:
            self._move(counter, giver, taker, -amount)

    def _move(self, counter: str, giver: int, taker: int, amount: int) -> Standing:
        books = list(self.counters[counter])
        books[giver] -= amount
        books[taker] += amount
        standing: Standing = tuple(books)  # type: ignore[assignment]  # five came, five go
        self.counters[counter] = standing
        return standing

    def lease(self, amounts: Mapping[str, int]) -> None:
        """Move amounts from free to leased. Raises Broken as ``apply`` does."""
        self.apply((name, Book.FREE, Book.LEASED, n) for name, n in amounts.items() if n)

    def unlease(self, amounts: Mapping[str, int]) -> None:
        """Move amounts back from leased to free."""
        self.undo((name, Book.FREE, Book.LEASED, n) for name, n in amounts.items() if n)

    def copy(self) -> list[tuple[str, Standing]]:
        """Return every counter as it stands. Later transfers do not change it."""
        return list(self.counters.items())

    def open(self, counter: str, wanted: int, books: Sequence[int]) -> None:
        """Take over an opening balance from a snapshot."""
        budget, free, leased, spent = books
        self.counters[counter] = budget, free, leased, spent, wanted


def opening(counters: Iterable[tuple[str, Standing]]) -> Iterator[tuple[str, int, list[int]]]:
    """Yield name, wanted limit and the four books of counters: how they are written and proven."""
    for name, standing in counters:
        yield name, standing[WANTED], list(standing[:WANTED])


def to_limit(counter: str, balance: Balance, limit: int) -> list[Transfer]:
    """Return the transfer that brings a counter to a limit, or as near as what is free allows."""
    if limit > balance.limit:
        return [(counter, Book.BUDGET, Book.FREE, limit - balance.limit)]
    surplus = min(balance.free, balance.limit - limit)
    return [(counter, Book.FREE, Book.BUDGET, surplus)] if surplus else []
