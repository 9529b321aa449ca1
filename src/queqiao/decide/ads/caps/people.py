"""What was shown to a person: read, counted and taken back, under whatever id they come.

A person is a 64-bit key. A device that was last used by somebody who logged in holds a link to
them: what it shows counts for them. At a login, what the device had counted for itself goes over
to the person, once.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b

from queqiao.decide.ads.caps.counters import LINK
from queqiao.decide.ads.caps.entries import Entries
from queqiao.decide.ads.caps.table import SEGMENTS, TOMBSTONE, Lock, Table
from queqiao.decide.ads.caps.windows import Windows


def key_of(kind: str, name: str, secret: bytes) -> int:
    """Return the key of a ``user``, ``device`` or ``session``; nobody tells the id from it."""
    digest = blake2b(f"{kind}\x1f{name}".encode(), digest_size=8, key=secret).digest()
    return max(TOMBSTONE + 1, int.from_bytes(digest, "little"))


class People:
    """Counts the ads of people. ``current`` gives the table of this moment."""

    def __init__(self, current: Callable[[], Table], lock: Lock, windows: Windows) -> None:
        self.current = current
        self.lock = lock
        self.windows = windows

    def entries(self, person: int, now_us: int) -> Entries:
        """Return what a person has now, without a lock: only to look at, or to be renewed."""
        return Entries(self.current(), person, self.windows.at(now_us), now_us)

    def of_device(self, device: int) -> int:
        """Return who used a device last: itself when nobody logged in on it."""
        return self.current().scan(device).words.get(LINK, device)

    def count(
        self,
        person: int,
        tags: Iterable[int],
        limits: Mapping[int, int],
        now_us: int,
        entries: Entries | None = None,
    ) -> int | None:
        """Count one ad under each tag, or return the first tag that has reached its limit.

        ``entries``: what the person has been found to have at ``now_us``, to save a second look.
        Raises Unavailable and Full; then the ad may not be shown.
        """
        entries = entries or self.entries(person, now_us)
        segment = person & SEGMENTS - 1
        self.lock.take(segment)
        try:
            entries.renew(self.current())
            for tag, limit in limits.items():
                if entries.is_full(tag, limit):
                    return tag
            for tag in tags:
                entries.count(tag)
        finally:
            self.lock.give_back(segment)
        return None

    def take_back(self, person: int, tags: Iterable[int], at_us: int) -> None:
        """Take back an ad that was counted at a moment and never shown."""
        with self._locked(person):
            entries = self.entries(person, at_us)
            for tag in tags:
                entries.take_back(tag)

    def log_in(self, device: int, user: int, now_us: int) -> None:
        """Give a device to a user, with what it has counted for itself.

        Cut off in the middle, it is done again at the next login, and counts some ads twice.
        """
        if self.of_device(device) == user:
            return
        with self._locked(device, user):
            own, theirs = self.entries(device, now_us), self.entries(user, now_us)
            theirs.take_over(own)
            own.keep_link(user)

    def _locked(self, *people: int) -> "_Locked":
        return _Locked(self.lock, sorted({person & SEGMENTS - 1 for person in people}))


class _Locked:
    """Holds segments, in one order everywhere; a class, for a generator costs 1 µs."""

    def __init__(self, lock: Lock, segments: list[int]) -> None:
        self._lock = lock
        self._segments = segments
        self._taken = 0

    def __enter__(self) -> None:
        try:
            for segment in self._segments:
                self._lock.take(segment)
                self._taken += 1
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        for segment in self._segments[: self._taken]:
            self._lock.give_back(segment)
