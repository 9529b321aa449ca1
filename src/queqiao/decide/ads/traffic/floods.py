"""Click floods: more clicks in a sliding window than a person, a device or an address can mean.

Live, each key has the times of its last clicks, as many as are allowed; the oldest key goes when
there are too many, so memory is bounded. The click that is one too many is known at once, those
before it in the window only then: they are handed back, to be refunded. Over a list of clicks that
is there whole, ``flooded`` marks all of them.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

from queqiao.kernel.clock import SECOND_US

Kind = Literal["person", "device", "address"]
T = TypeVar("T")


class Bounds(NamedTuple):
    """How many clicks within the window count, by kind of key."""

    window_us: int
    clicks: Mapping[Kind, int]


DEFAULT = Bounds(60 * SECOND_US, {"person": 30, "device": 60, "address": 600})


class Flood(NamedTuple, Generic[T]):
    """Which kind of key has too many clicks, and those before this one that had counted."""

    kind: Kind
    earlier: list[T]


class _Click:
    """A click in a window, and whether it still counts: once handed back it does not."""

    __slots__ = ("at_us", "counts")

    def __init__(self, at_us: int) -> None:
        self.at_us = at_us
        self.counts = True


class Floods(Generic[T]):
    """Counts clicks by key in sliding windows, at most ``keys_max`` keys. ``T`` is hashable."""

    def __init__(self, bounds: Bounds = DEFAULT, keys_max: int = 100_000) -> None:
        self._bounds = bounds
        self._keys_max = keys_max
        self._windows: OrderedDict[tuple[Kind, str], OrderedDict[T, _Click]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._windows)

    def see(self, keys: Mapping[Kind, str], ref: T, now_us: int) -> Flood[T] | None:
        """Count a click under each key; say whether it is one too many under any.

        A refused click counts in the window too, so a flood stays one for as long as it lasts. A
        click of more than a window before the last one is of another time: its window begins anew.
        The same click again, while it is in the window, is no new one.
        """
        click = _Click(now_us)
        kinds = [kind for kind, key in keys.items() if key and self._count(kind, key, ref, click)]
        if not kinds:
            return None
        earlier = [old for kind in kinds for old in self._take(kind, keys[kind])]
        return Flood(kinds[0], [one for one in dict.fromkeys(earlier) if one != ref])

    def _count(self, kind: Kind, key: str, ref: T, click: _Click) -> bool:
        window = self._windows.setdefault((kind, key), OrderedDict())
        self._windows.move_to_end((kind, key))
        if len(self._windows) > self._keys_max:
            self._windows.popitem(last=False)
        self._slide(window, click.at_us)
        window.setdefault(ref, click)
        is_over = len(window) > self._bounds.clicks[kind]
        if len(window) > 2 * self._bounds.clicks[kind]:
            window.popitem(last=False)  # more would tell nothing new
        return is_over

    def _slide(self, window: OrderedDict[T, _Click], now_us: int) -> None:
        after_us = now_us - self._bounds.window_us
        if window and window[next(reversed(window))].at_us > now_us + self._bounds.window_us:
            window.clear()
        while window and window[next(iter(window))].at_us <= after_us:
            window.popitem(last=False)

    def _take(self, kind: Kind, key: str) -> list[T]:
        refs = []
        for ref, click in self._windows.get((kind, key), {}).items():
            if click.counts:
                refs.append(ref)
                click.counts = False
        return refs


def flooded(times_us: Sequence[int], limit: int, window_us: int) -> list[bool]:
    """Say of each click of one key, in any order, whether it lies in a window of too many."""
    order = sorted(range(len(times_us)), key=times_us.__getitem__)
    marked = [False] * len(times_us)
    first = done = 0
    for place, number in enumerate(order):
        while times_us[order[first]] <= times_us[number] - window_us:
            first += 1
        if place - first + 1 > limit:
            for one in order[max(first, done) : place + 1]:
                marked[one] = True
            done = place + 1
    return marked


def keys_of(person: str | None, address: str, user_agent: str) -> dict[Kind, str]:
    """Return the keys of a click; what is not known is left out."""
    known: Iterable[tuple[Kind, str]] = (
        ("person", person or ""),
        ("device", f"{address} {user_agent}" if address and user_agent else ""),
        ("address", address),
    )
    return {kind: key for kind, key in known if key}
