"""Price buckets: a bid's price as an ad server's line items know it (``hb_pb``).

A price is rounded down within its range, in decimal steps. Above the highest range it is told as
the end of that range. The named granularities are Prebid's.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from queqiao.decide.ads.openrtb.exchange.prebid import CustomGranularity
from queqiao.decide.ads.openrtb.faults import EMPTY, NOT_POSITIVE, Faults
from queqiao.kernel.errors import Message

PRECISION_MAX = 15
RANGES_MAX = 100
DEFAULT = "medium"


class Step(Struct, frozen=True):
    """Prices from ``least`` to ``most`` are told in multiples of ``increment`` above ``least``."""

    least: Decimal
    most: Decimal
    increment: Decimal


class Granularity(Struct, frozen=True):
    """Ranges in rising order, and how many decimals a price is told with."""

    steps: tuple[Step, ...]
    precision: int = 2


def _named(*ranges: tuple[str, str]) -> Granularity:
    steps, least = [], Decimal(0)
    for most, increment in ranges:
        steps.append(Step(least, Decimal(most), Decimal(increment)))
        least = Decimal(most)
    return Granularity(tuple(steps))


NAMED = {
    "low": _named(("5", "0.5")),
    "medium": _named(("20", "0.1")),
    "med": _named(("20", "0.1")),
    "high": _named(("20", "0.01")),
    "auto": _named(("5", "0.05"), ("10", "0.1"), ("20", "0.5")),
    "dense": _named(("3", "0.01"), ("8", "0.05"), ("20", "0.5")),
}

_UNKNOWN = Message(f"须为 {'、'.join(NAMED)} 之一", f"must be one of {', '.join(NAMED)}")
_ORDER = Message(
    "各区间须按 max 递增", 'must contain ranges in ascending order of "max", without overlaps'
)
_PRECISION = Message(f"须在 0 与 {PRECISION_MAX} 之间", f"must be from 0 to {PRECISION_MAX}")
_MANY = Message(f"最多 {RANGES_MAX} 个区间", f"at most {RANGES_MAX} ranges")


def check_granularity(faults: Faults, path: str, said: str | CustomGranularity | None) -> None:
    """Note what is wrong with a granularity."""
    if said is None:
        return
    if isinstance(said, str):
        if said not in NAMED:
            faults.add(path, _UNKNOWN)
        return
    if said.precision is not None and not 0 <= said.precision <= PRECISION_MAX:
        faults.add(f"{path}.precision", _PRECISION)
    if not said.ranges:
        faults.add(f"{path}.ranges", EMPTY)
    elif len(said.ranges) > RANGES_MAX:
        faults.add(f"{path}.ranges", _MANY)
    before = 0.0
    for number, each in enumerate((said.ranges or ())[:RANGES_MAX]):
        if each.increment <= 0:
            faults.add(f"{path}.ranges[{number}].increment", NOT_POSITIVE)
        if each.max <= before:
            faults.add(f"{path}.ranges", _ORDER)
        before = each.max


def granularity(said: str | CustomGranularity | None, default: str = DEFAULT) -> Granularity:
    """Return a granularity that was checked."""
    if said is None or isinstance(said, str):
        return NAMED[said or default]
    steps, least = [], Decimal(0)
    for each in said.ranges or ():
        most = Decimal(repr(each.max))
        steps.append(Step(least, most, Decimal(repr(each.increment))))
        least = most
    return Granularity(tuple(steps), 2 if said.precision is None else said.precision)


def bucket(price: float, known: Granularity) -> str:
    """Return the price as it is told."""
    exact = Decimal(repr(price))
    for step in known.steps:
        if exact <= step.most:
            rounded = _down(exact, step)
            break
    else:
        rounded = _highest(known.steps)
    return f"{rounded:.{known.precision}f}"


def _down(price: Decimal, step: Step) -> Decimal:
    steps = ((price - step.least) / step.increment).to_integral_value(ROUND_FLOOR)
    return step.least + steps * step.increment


def _highest(steps: Sequence[Step]) -> Decimal:
    return steps[-1].most if steps else Decimal(0)
