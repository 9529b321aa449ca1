"""Who it was: a device's anonymous id belongs to the user who last logged in on it."""

from typing import NamedTuple

from queqiao.process.facts import Fact, text_of
from queqiao.process.state import Keyed


class Who(NamedTuple):
    """The ids of one event. ``linked``: this event is the login that ties the two ids."""

    anonymous_id: str
    user_id: str
    person_id: str
    linked: bool

    @property
    def device(self) -> str:
        """The key of what happens on one device: its anonymous id, else the user."""
        return "a:" + self.anonymous_id if self.anonymous_id else "u:" + self.user_id


class Identity:
    """Knows each device's last user. Events that came before a login keep their own person."""

    def __init__(self, users: Keyed[str]) -> None:
        self._users = users

    def see(self, fact: Fact) -> Who:
        """Return who the event is of, and remember a login."""
        anonymous_id = fact.envelope.anonymous_id or ""
        if fact.envelope.type == "alias":  # it says which id the user had before
            anonymous_id = text_of(fact.properties.previous_id) or anonymous_id
        user_id = fact.envelope.user_id or ""
        if not anonymous_id:
            return Who("", user_id, user_id, linked=False)
        known = self._users.get(anonymous_id)
        if user_id and user_id != known:
            self._users.put(anonymous_id, user_id)
            return Who(anonymous_id, user_id, user_id, linked=True)
        return Who(anonymous_id, user_id, user_id or known or anonymous_id, linked=False)
