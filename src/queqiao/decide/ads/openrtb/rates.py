"""What currencies are worth to each other, from a table of the settings: no network is asked."""

from collections.abc import Iterable, Mapping
from math import floor
from types import MappingProxyType

from msgspec import Struct

from queqiao.kernel.money import exponent

DEFAULT_RATES: Mapping[str, float] = MappingProxyType({
    "CNY": 1.0, "USD": 6.653, "EUR": 7.433, "GBP": 8.914, "JPY": 0.04231, "HKD": 0.848,
    "SGD": 5.204, "AUD": 4.673, "CAD": 4.763, "CHF": 8.084, "KRW": 0.004982, "THB": 0.1972,
    "INR": 0.07006,
})  # fmt: skip
"""How many yuan one unit was worth on 2026-10-30: the euro foreign exchange reference rates of the
European Central Bank, each over the yuan's. An operator's own table takes their place."""

DEFAULT_CURRENCY = "USD"
"""What a price is in that names no currency."""

PRICE_DECIMALS = 4
"""Decimals of a price for a thousand impressions on the wire."""


class Rates(Struct, frozen=True):
    """How much one unit of each currency is worth, in whatever unit the table has."""

    worth: Mapping[str, float]

    def convert(self, amount: float, source: str, target: str) -> float | None:
        """Return an amount in another currency, or None when a rate is not known."""
        if source == target:
            return amount
        from_worth, to_worth = self.worth.get(source), self.worth.get(target)
        if from_worth is None or to_worth is None:
            return None
        return amount * from_worth / to_worth

    def first_known(self, currencies: Iterable[str], source: str) -> str | None:
        """Return the first currency in which an amount of ``source`` can be told."""
        return next((code for code in currencies if self.convert(1, source, code)), None)

    def told(self, cpm_minor: int, currency: str, target: str) -> float | None:
        """Return a price for a thousand as an exchange reads it, rounded down."""
        amount = self.convert(cpm_minor / 10.0 ** exponent(currency), currency, target)
        if amount is None:
            return None
        steps = 10.0**PRICE_DECIMALS
        return floor(amount * steps + 1e-6) / steps

    def heard(self, price: float, source: str, currency: str) -> int | None:
        """Return an exchange's price for a thousand in minor units of ``currency``."""
        amount = self.convert(price, source, currency)
        return None if amount is None else round(amount * 10 ** exponent(currency))
