"""Which promotions may stand together: the largest sets that no rule of stacking forbids."""

from collections.abc import Iterator, Sequence

from queqiao.decide.promotions.documents.profile import Among, Profile
from queqiao.decide.promotions.pricing.outcomes import Placed
from queqiao.decide.promotions.pricing.stacking import stand_together


def largest_sets(placed: Sequence[Placed], profile: Profile) -> Iterator[list[Placed]]:
    """Yield every set that may stand together and to which no further promotion may be added.

    Each stands in the order of ``placed``. Bron and Kerbosch (1973), on bits.
    """
    forbidden = conflicts(placed, profile)
    free = sum(1 << place for place, rivals in enumerate(forbidden) if not rivals)
    bound = ((1 << len(placed)) - 1) & ~free
    for chosen in _grow(free, bound, forbidden):
        yield [item for place, item in enumerate(placed) if chosen >> place & 1]


def _grow(chosen: int, open_: int, forbidden: Sequence[int]) -> Iterator[int]:
    """Yield the largest sets with ``chosen`` and some of ``open_``."""
    waiting = [(chosen, open_, 0)]
    while waiting:
        chosen, open_, seen = waiting.pop()
        if open_:
            waiting += reversed(list(_grown(chosen, open_, seen, forbidden)))
        elif not seen:
            yield chosen


def _grown(
    chosen: int, open_: int, seen: int, forbidden: Sequence[int]
) -> Iterator[tuple[int, int, int]]:
    pivot = max(_places(open_ | seen), key=lambda place: (open_ & ~forbidden[place]).bit_count())
    for place in _places(open_ & (forbidden[pivot] | 1 << pivot)):
        apart = forbidden[place] | 1 << place
        yield chosen | 1 << place, open_ & ~apart, seen & ~apart
        open_ &= ~(1 << place)
        seen |= 1 << place


def _places(bits: int) -> Iterator[int]:
    while bits:
        place = (bits & -bits).bit_length() - 1
        yield place
        bits &= bits - 1


def conflicts(placed: Sequence[Placed], profile: Profile) -> list[int]:
    """Return for each promotion the bits of those that never give beside it."""
    forbidden = [0] * len(placed)
    rules = profile.layer_among or any(item.offer.asks or item.offer.group for item in placed)
    if not rules:
        return forbidden
    for first, one in enumerate(placed):
        for second in range(first):
            if not may_stand_together(one, placed[second], profile):
                forbidden[first] |= 1 << second
                forbidden[second] |= 1 << first
    return forbidden


def apart(placed: Sequence[Placed], profile: Profile) -> list[list[Placed]]:
    """Return promotions in sets of which only one gives: each that none may stand beside, and all
    others together.
    """
    everyone = (1 << len(placed)) - 1
    forbidden = conflicts(placed, profile)
    lonely = [
        len(placed) > 1 and bits | 1 << place == everyone for place, bits in enumerate(forbidden)
    ]
    pairs = list(zip(placed, lonely, strict=True))
    together = [item for item, is_lonely in pairs if not is_lonely]
    return [[item] for item, is_lonely in pairs if is_lonely] + [together] * bool(together)


def rivalries(forbidden: Sequence[int]) -> list[int]:
    """Return a number for each promotion: of those with the same one, each forbids all others."""
    sets: list[int] = []
    numbers = []
    for place, rivals in enumerate(forbidden):
        joined = (number for number, members in enumerate(sets) if not members & ~rivals)
        number = next(joined, len(sets)) if rivals else len(sets)
        if number == len(sets):
            sets.append(0)
        sets[number] |= 1 << place
        numbers.append(number)
    return numbers


def may_stand_together(one: Placed, other: Placed, profile: Profile) -> bool:
    """Say whether two promotions may both give; of a contest only one does.

    Where units take their best promotion of a layer, all of the layer may give: to other units.
    """
    a, b = one.offer, other.offer
    if a.exclusive or b.exclusive:
        return False
    if (a.asks or b.asks) and not stand_together(a, b):
        return False
    if a.layer != b.layer:
        return True
    among = profile.layer_among.get(a.layer, "all")
    if among != "all":
        return among == "best" and a.layer in profile.one_per_unit
    if a.group is None or a.group != b.group:
        return True
    usual: Among = "all" if profile.selection == "sequence" else "best"
    return profile.group_among.get(a.group, usual) == "all"


def counts_offers(profile: Profile) -> bool:
    """Say whether only so many promotions may give, in all, of a layer or of a group."""
    return bool(profile.at_most or profile.layer_at_most or profile.group_at_most)


def within_counts(profile: Profile, before: Sequence[Placed], item: Placed) -> bool:
    """Say whether one more promotion may give beside those before it, by their number."""
    offer = item.offer
    of_layer = sum(other.offer.layer == offer.layer for other in before)
    of_group = sum(other.offer.group == offer.group for other in before)
    bounds = (
        (profile.at_most, len(before)),
        (profile.layer_at_most.get(offer.layer), of_layer),
        (profile.group_at_most.get(offer.group or ""), of_group),
    )
    return all(most is None or count < most for most, count in bounds)
