"""Who it was: a device's anonymous id belongs to the user who last logged in on it."""

from typing import TYPE_CHECKING

import msgspec

from queqiao.process.properties import text_of
from queqiao.process.state import Keyed

if TYPE_CHECKING:  # the transforms go by these rules in engines that cannot read events
    from queqiao.process.facts import Fact


class Who(msgspec.Struct, frozen=True, gc=False):
    """The ids of one event. ``linked``: this event is the login that ties the two ids.

    ``device`` is the key of what happens on one device: its anonymous id. An event of a server
    names the user only; it belongs to the device that the user was last seen on.
    """

    anonymous_id: str
    user_id: str
    person_id: str
    device: str
    linked: bool = False


def ids_of(fact: "Fact") -> tuple[str, str]:
    """Return the anonymous id and the user id of an event, empty where it has none."""
    anonymous_id = fact.envelope.anonymous_id or ""
    if fact.envelope.type == "alias":  # it says which id the user had before
        anonymous_id = text_of(fact.named.properties.previous_id) or anonymous_id
    return anonymous_id, fact.envelope.user_id or ""


def person_of(anonymous_id: str, user_id: str, last_user: str | None) -> str:
    """Return the person: who the event names, else who last logged in there, else the device."""
    return user_id or last_user or anonymous_id


def device_of(anonymous_id: str, user_id: str, last_device: str | None) -> str:
    """Return the key of a device: the event's own, else its user's last one, else the user."""
    device = anonymous_id or last_device
    return f"a:{device}" if device else f"u:{user_id}"


class Identity:
    """Knows each device's last user and each user's last device.

    Events that came before a login keep their own person.
    """

    def __init__(self, users: Keyed[str], devices: Keyed[str]) -> None:
        self._users = users
        self._devices = devices

    def see(self, fact: "Fact") -> Who:
        """Return who the event is of, and remember a login."""
        anonymous_id, user_id = ids_of(fact)
        if not anonymous_id:
            device = device_of("", user_id, self._devices.get(user_id))
            return Who("", user_id, person_of("", user_id, None), device)
        return self._on_device(anonymous_id, user_id)

    def _on_device(self, anonymous_id: str, user_id: str) -> Who:
        device, known = device_of(anonymous_id, user_id, None), self._users.get(anonymous_id)
        if not user_id:
            return Who(anonymous_id, "", person_of(anonymous_id, "", known), device)
        if self._devices.get(user_id) != anonymous_id:
            self._devices.put(user_id, anonymous_id)
        if user_id == known:
            return Who(anonymous_id, user_id, user_id, device)
        self._users.put(anonymous_id, user_id)
        return Who(anonymous_id, user_id, user_id, device, linked=True)
