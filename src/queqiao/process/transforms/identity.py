"""Who an event is of, and on which device it is, by the rules that the loader goes by too."""

from collections.abc import Sequence
from typing import ClassVar

from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns
from queqiao.process.identity import device_of, person_of

_IDS: Columns = {"id": "text", "at": "time", "anonymous_id": "text", "user_id": "text"}


class Identity(KeyedMachine[str]):
    """Keyed by device, a user without one by the user; in order of time.

    The person of a row is its own user, else the user who last logged in on the device, else the
    device. What came before the first login keeps the device as its person.
    """

    name = "identity"
    state = str
    reads: ClassVar[Columns] = {**_IDS, "event": "text", "properties": "text"}
    gives: ClassVar[Columns] = {
        "id": "text", "at": "time", "person": "text", "event": "text", "properties": "text",
    }  # fmt: skip

    def see(self, key: str, state: str | None, row: Row) -> tuple[str | None, Sequence[Row]]:
        """Remember a login and name the person."""
        del key
        message, at, anonymous_id, user_id, event, properties = row
        person = person_of(anonymous_id or "", user_id or "", state)
        return user_id or state, ((message, at, person, event, properties),)


class Devices(KeyedMachine[str]):
    """Keyed by user, a device without one by the device; in order of time.

    A row without a device, a server's, is on the one that its user was last seen on.
    """

    name = "devices"
    state = str
    reads: ClassVar[Columns] = {**_IDS, "campaign": "text"}
    gives: ClassVar[Columns] = {"id": "text", "at": "time", "device": "text", "campaign": "text"}

    def see(self, key: str, state: str | None, row: Row) -> tuple[str | None, Sequence[Row]]:
        """Remember the device and name it."""
        del key
        message, at, anonymous_id, user_id, campaign = row
        device = device_of(anonymous_id or "", user_id or "", state)
        return anonymous_id or state, ((message, at, device, campaign),)
