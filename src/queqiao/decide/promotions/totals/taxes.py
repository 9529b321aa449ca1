"""Taxes on what is paid, inside the prices or on top, in parts that add up.

Tax of an amount ``a`` at ``r`` percent: on top ``a·r/100``; inside ``a·r/(100+r)``. It is rounded
once for each unit, each line, or each tax category, as the profile says, and spread downwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.rounding import Divide, divider
from queqiao.decide.promotions.sharing import spread
from queqiao.kernel.errors import FieldError, Message

RATE_MAX = 1_000
"""Percent; above it is a slip of the keyboard."""
RATE_DIGITS_MAX = 6


class Taxed(NamedTuple):
    """One line to be taxed: its tax category, and what is paid for each of its units."""

    category: str | None
    units: Sequence[int]


class TaxPart(NamedTuple):
    """The tax of one category of goods, or of delivery; ``net`` is the amount without it."""

    on: Literal["items", "shipping"]
    category: str | None
    rate: Decimal
    net: int
    tax: int


class Taxes(NamedTuple):
    """The tax of every unit by line, of delivery, and its parts by category, which sum to it."""

    units: list[list[int]]
    shipping: int
    parts: list[TaxPart]


def is_untaxed(profile: Profile) -> bool:
    """Say whether the profile knows no tax at all."""
    return not (profile.tax_rate or profile.tax_rates or profile.shipping_tax_rate)


def reckon_taxes(lines: Sequence[Taxed], shipping: int, profile: Profile) -> Taxes:
    """Return the taxes on what is paid for the lines and for delivery."""
    divide = divider(profile.rounding)
    units: list[list[int]] = [[] for _ in lines]
    parts: list[TaxPart] = []
    for category, places in _by_category(lines, profile.tax_rates).items():
        rate = profile.tax_rate if category is None else profile.tax_rates[category]
        some = [lines[place].units for place in places]
        taxes = _unit_taxes(some, rate, profile, divide)
        for place, line_taxes in zip(places, taxes, strict=True):
            units[place] = line_taxes
        paid, tax = sum(map(sum, some)), sum(map(sum, taxes))
        parts += _parts("items", category, rate, paid, tax, profile)
    rate = profile.shipping_tax_rate
    on_shipping = divide(*_fraction(shipping, rate, profile))
    parts += _parts("shipping", None, rate, shipping, on_shipping, profile)
    return Taxes(units, on_shipping, parts)


def _by_category(
    lines: Sequence[Taxed], rates: Mapping[str, Decimal]
) -> Mapping[str | None, list[int]]:
    """Return the places of the lines by tax category; one without a rate is as none."""
    found: dict[str | None, list[int]] = {}
    for place, line in enumerate(lines):
        category = line.category if line.category in rates else None
        found.setdefault(category, []).append(place)
    return found


def _unit_taxes(
    lines: Sequence[Sequence[int]], rate: Decimal, profile: Profile, divide: Divide
) -> list[list[int]]:
    def tax(amount: int) -> int:
        return divide(*_fraction(amount, rate, profile))

    def down(amount: int, weights: Sequence[int]) -> list[int]:
        return spread(amount, weights, profile.remainder) if amount else [0] * len(weights)

    if profile.tax_level == "unit":
        return [[tax(unit) for unit in line] for line in lines]
    sums = [sum(line) for line in lines]
    on_lines = (
        [tax(amount) for amount in sums]
        if profile.tax_level == "line"
        else down(tax(sum(sums)), sums)
    )
    return [down(amount, line) for amount, line in zip(on_lines, lines, strict=True)]


def _fraction(amount: int, rate: Decimal, profile: Profile) -> tuple[int, int]:
    """Return the exact tax of an amount as numerator and denominator."""
    whole = 100 + rate if profile.tax == "inclusive" else Decimal(100)
    numerator, denominator = rate.as_integer_ratio()
    above, below = whole.as_integer_ratio()
    return amount * numerator * below, denominator * above


def _parts(  # noqa: PLR0917  # the parts of one row
    on: Literal["items", "shipping"],
    category: str | None,
    rate: Decimal,
    paid: int,
    tax: int,
    profile: Profile,
) -> Iterator[TaxPart]:
    if paid and rate:
        net = paid - tax if profile.tax == "inclusive" else paid
        yield TaxPart(on, category, rate, net, tax)


def tax_errors(profile: Profile) -> Iterator[FieldError]:
    """Yield an error for each tax rate of a profile that cannot stand."""
    rates = {"tax_rate": profile.tax_rate, "shipping_tax_rate": profile.shipping_tax_rate}
    rates |= {f"tax_rates.{name}": rate for name, rate in profile.tax_rates.items()}
    message = Message(
        f"税率是 0 到 {RATE_MAX} 的百分数，最多 {RATE_DIGITS_MAX} 位小数",
        f"a percentage from 0 to {RATE_MAX} with at most {RATE_DIGITS_MAX} digits after the point",
    )
    return (FieldError(path, message) for path, rate in rates.items() if not _is_rate(rate))


def _is_rate(rate: Decimal) -> bool:
    if not rate.is_finite() or not 0 <= rate <= RATE_MAX:
        return False
    return -int(rate.as_tuple().exponent) <= RATE_DIGITS_MAX
