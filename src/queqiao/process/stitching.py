"""Identity stitching: ids of one human are put together, and apart again when the reason goes.

The stitching of a moment is a function of what was said up to it, in whatever order: people are
joined by the identifiers that they hold, by logins and by hand, and whoever hangs together is one.
So a reason that goes leaves no trace, and what is kept up event by event equals a computation anew.

An identifier joins nobody while it is held by more than ``HOLDERS_MAX`` people (a shop's own
phone), nor do the values of a kind of which somebody holds more than ``VALUES_MAX`` (a till). A
device with several users joins nobody, and an advertising id only devices of one user at most.
Whoever hangs together with more than ``PEOPLE_MAX`` is joined with nobody.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from queqiao.process.identifiers import OF_DEVICES
from queqiao.process.state import Keyed

HOLDERS_MAX = 10
VALUES_MAX = 3
PEOPLE_MAX = 100


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is said of one person id, and the id that stands for the human (empty: its own)."""

    is_user: bool = False
    holds: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    apart: bool = False
    into: str = ""


NOBODY = Node()


class Stitch(NamedTuple):
    """From an event on a person id stands for another (or again for itself), for that reason."""

    person_id: str
    into: str
    reason: str


class Sighting(NamedTuple):
    """What an event says of who it was. ``user_id`` or ``anonymous_id`` may be empty.

    ``is_known``: the device's user is known though the event does not name them.
    """

    anonymous_id: str
    user_id: str
    is_known: bool
    is_login: bool
    identifiers: list[str]


class Stitching:
    """The graph of people. ``number_of`` returns a person's number, 0 for one never seen."""

    def __init__(
        self,
        nodes: Keyed[Node],
        holders: Keyed[tuple[str, ...]],
        logins: Keyed[tuple[str, ...]],
        number_of: Callable[[str], int],
    ) -> None:
        self._nodes = nodes
        self._holders = holders
        self._logins = logins
        self._number_of = number_of

    def see(self, seen: Sighting) -> list[Stitch]:
        """Take in what an event says; return what changes by it."""
        device, user = seen.anonymous_id, seen.user_id
        holder = user or ("" if seen.is_known else device)
        found: list[Stitch] = []
        if seen.is_login and device != user:
            known = self._logins.get(device) or ()
            if user not in known and len(known) < 2:
                found += self._changing((device, user), "login", lambda: self._log_in(device, user))
        for one in seen.identifiers:
            kind = one.partition(":")[0]
            who = device if kind in OF_DEVICES else holder
            if who and self._is_news(who, one):
                found += self._hold(who, one, is_user=who == user)
        return found

    def _is_news(self, who: str, one: str) -> bool:
        """Say whether it changes anything that somebody holds an identifier."""
        held, node = self._held_by(one), self._node(who)
        if who not in held and len(held) <= HOLDERS_MAX:
            return True
        return one not in node.holds and _count(node, one) <= VALUES_MAX

    def merge(self, one: str, other: str, users: Iterable[str]) -> list[Stitch]:
        """Join two people by hand. ``users`` says which of them are no devices."""
        named = set(users)

        def join() -> None:
            for who, whom in ((one, other), (other, one)):
                node = self._node(who)
                joined = tuple(sorted({*node.joined, whom}))
                self._put(who, node, joined=joined, is_user=node.is_user or who in named)
                self._tie_users(who)

        return self._changing((one, other), "merge", join)

    def unmerge(self, one: str, other: str) -> list[Stitch]:
        """Take a merge by hand back; where there was none, set ``other`` apart for good.

        Who is set apart is joined by no identifier any more, only by hand and by logins.
        """
        if other not in self._node(one).joined:
            return self._changing((other,), "unmerge", lambda: self._set_apart(other))

        def leave() -> None:
            for who, whom in ((one, other), (other, one)):
                node = self._node(who)
                self._put(who, node, joined=tuple(id_ for id_ in node.joined if id_ != whom))

        return self._changing((one, other), "unmerge", leave)

    def people_of(self, person_id: str) -> set[str]:
        """Return the ids that hang together with one, itself among them."""
        return self._walk(person_id) or {person_id}

    def identifiers_of(self, ids: Iterable[str]) -> list[str]:
        """Return the identifiers that people hold, each once."""
        return sorted({held for one in ids for held in self._node(one).holds})

    def forget(self, identifiers: Iterable[str]) -> None:
        """Let nobody hold these any more. Whoever they joined stays so until more is said."""
        for one in identifiers:
            for who in self._held_by(one):
                node = self._nodes.get(who)
                if node is not None and one in node.holds:
                    self._put(who, node, holds=tuple(held for held in node.holds if held != one))

    def _node(self, person_id: str) -> Node:
        return self._nodes.get(person_id) or NOBODY

    def _put(self, person_id: str, node: Node, **changes: object) -> None:
        self._nodes.put(person_id, msgspec.structs.replace(node, **changes))

    def _set_apart(self, person_id: str) -> None:
        self._put(person_id, self._node(person_id), apart=True)
        self._tie_users(person_id)

    def _log_in(self, device: str, user: str) -> None:
        self._logins.put(device, (*(self._logins.get(device) or ()), user))
        if self._nodes.get(device) is not None:
            self._tie_users(device)

    def _tie_users(self, device: str) -> None:
        for user in self._logins.get(device) or ():
            node = self._node(user)
            devices = tuple(sorted({*node.devices, device}))
            self._put(user, node, devices=devices, is_user=True)

    def _hold(self, who: str, one: str, *, is_user: bool) -> list[Stitch]:
        def hold() -> None:
            held, node = self._held_by(one), self._node(who)
            if who not in held and len(held) <= HOLDERS_MAX:
                self._holders.put(one, (*held, who))
            is_kept = one not in node.holds and _count(node, one) <= VALUES_MAX
            holds = (*node.holds, one) if is_kept else node.holds
            self._put(who, node, holds=holds, is_user=node.is_user or is_user)
            self._tie_users(who)

        return self._changing((who, *self._held_by(one)), one.partition(":")[0], hold)

    def _changing(
        self, seeds: Iterable[str], reason: str, change: Callable[[], None]
    ) -> list[Stitch]:
        """Make a change and return whose id stands for whom since; ties change at seeds only."""
        near = {near for seed in seeds for near in self._around(seed)}
        touched: set[str] = set()
        for one in near:
            if one not in touched:
                touched |= self._walk(one) or {one}
        change()
        roots: dict[str, str] = {}
        for one in sorted(near):
            if one not in roots:
                people = self._walk(one)
                root = self._root(people) if people else ""
                roots |= dict.fromkeys(people or {one}, root)
        found = []
        for one in sorted(touched | roots.keys()):
            into, node = roots.get(one, ""), self._nodes.get(one)
            into = "" if into == one else into
            if node is not None and into != node.into:
                self._put(one, node, into=into)
                found.append(Stitch(one, into or one, reason))
        return found

    def _around(self, person_id: str) -> set[str]:
        """Return whoever may be tied to a person, whether or not they are at this moment."""
        node = self._node(person_id)
        found = {person_id, *node.joined, *node.devices, *(self._logins.get(person_id) or ())}
        return found.union(*(self._holders.get(one) or () for one in node.holds))

    def _walk(self, person_id: str) -> set[str] | None:
        """Return who hangs together with a person, None when it is more than ``PEOPLE_MAX``."""
        found, waiting = {person_id}, [person_id]
        while waiting:
            for one in self._ties(waiting.pop()):
                if one not in found:
                    found.add(one)
                    waiting.append(one)
            if len(found) > PEOPLE_MAX:
                return None
        return found

    def _ties(self, person_id: str) -> set[str]:
        node = self._nodes.get(person_id)
        if node is None:
            return set()
        found = set(node.joined)
        if self._is_tied_device(person_id):
            found.update(self._logins.get(person_id) or ())
        found.update(one for one in node.devices if self._is_tied_device(one))
        for one in node.holds:
            if self._says(person_id, one) and self._joins(one):
                found.update(who for who in self._held_by(one) if self._says(who, one))
        return found

    def _is_tied_device(self, device: str) -> bool:
        """Say whether a device is its one user's and more than a device is known of it.

        Of others the table of logins tells enough.
        """
        node = self._node(device)
        return len(self._logins.get(device) or ()) == 1 and bool(node.holds or node.joined)

    def _says(self, person_id: str, one: str) -> bool:
        """Say whether that person's holding an identifier means that it is theirs."""
        node = self._node(person_id)
        if node.apart or (len(self._logins.get(person_id) or ()) > 1 and not node.is_user):
            return False
        return _count(node, one) <= VALUES_MAX

    def _joins(self, one: str) -> bool:
        """Say whether an identifier is one of few; an advertising id: of one user at most."""
        held = self._held_by(one)
        if len(held) > HOLDERS_MAX:
            return False
        if one.partition(":")[0] not in OF_DEVICES:
            return True
        return len({user for who in held for user in self._logins.get(who) or ()}) <= 1

    def _held_by(self, one: str) -> tuple[str, ...]:
        return self._holders.get(one) or ()

    def _root(self, people: Iterable[str]) -> str:
        """Return who stands for all: a user before a device, of these who was seen first."""
        numbers = ((not self._node(one).is_user, self._number_of(one), one) for one in people)
        return min((one for one in numbers if one[1]), default=(False, 0, ""))[2]


def _count(node: Node, one: str) -> int:
    """Return of how many values of an identifier's kind somebody is known to hold."""
    kind = one.partition(":")[0] + ":"
    return sum(1 for held in node.holds if held.startswith(kind))
