"""The laws of a port as plain coroutines, so that a suite and a user's own server meet the same.

A law is one promise of a port's contract. Its check uses the port as any caller would, on a place
of its own, and raises LawBroken with what it saw when the promise is not kept. The port's suite
in ``tests/`` runs them on every adapter; ``queqiao verify engine`` runs them on a user's server.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from queqiao.kernel.errors import Message


class LawBroken(Exception):
    """A promise was not kept; the text says what was asked, what was seen, in English."""


class Law(NamedTuple):
    """One promise, in both languages, and the check that raises LawBroken where it is broken."""

    name: Message
    check: Callable[[], Awaitable[None]]


def hold(kept: bool, seen: str) -> None:
    """Raise LawBroken with what was seen unless the promise was kept."""
    if not kept:
        raise LawBroken(seen)


def equal(found: object, wanted: object, what: str) -> None:
    """Raise LawBroken unless both are equal; ``what`` names the thing looked at."""
    hold(found == wanted, f"{what}: {found!r}, not {wanted!r}")


async def fails(error: type[Exception], call: Awaitable[object], what: str) -> None:
    """Raise LawBroken unless the call raises that error."""
    try:
        answer = await call
    except error:
        return
    hold(kept=False, seen=f"{what}: answered {answer!r} where {error.__name__} was due")
