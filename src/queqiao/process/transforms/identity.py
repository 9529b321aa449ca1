"""Who a device's events belong to: the user who last logged in on it."""

from collections.abc import Sequence
from typing import ClassVar

from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns


class Identity(KeyedMachine[str]):
    """Keyed by device (anonymous id), in order of time.

    The person of a row is its own user, else the user who last logged in on the device, else the
    device. What came before the first login keeps the device as its person.
    """

    name = "identity"
    state = str
    reads: ClassVar[Columns] = {"id": "text", "at": "time", "user": "text"}
    gives: ClassVar[Columns] = {"id": "text", "at": "time", "device": "text", "person": "text"}

    def see(self, key: str, state: str | None, row: Row) -> tuple[str | None, Sequence[Row]]:
        """Remember a login and name the person."""
        message, at, user = row
        known = user or state
        return known, ((message, at, key, known or key),)
