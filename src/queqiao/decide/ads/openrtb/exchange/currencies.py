"""What currencies are worth in one auction: the publisher's own rates first, then the settings'."""

from math import inf, isfinite

from msgspec import Struct

from queqiao.decide.ads.openrtb.exchange.prebid import CurrencyAsked
from queqiao.decide.ads.openrtb.rates import Rates


class AuctionRates(Struct, frozen=True):
    """Rates of one auction."""

    ours: Rates
    asked: CurrencyAsked | None = None

    def rate(self, source: str, target: str) -> float | None:
        """Return what one unit of a currency is in another, None when nobody says."""
        if source == target:
            return 1.0
        said = self.asked.rates if self.asked is not None else None
        if said:
            direct = said.get(source, {}).get(target)
            if direct is not None:
                return direct
            other_way = said.get(target, {}).get(source)
            if other_way is not None:
                return 1 / other_way
        if self.asked is not None and not self.asked.usepbsrates:
            return None
        return self.ours.convert(1.0, source, target)

    def convert(self, amount: float, source: str, target: str) -> float | None:
        """Return an amount in another currency, None when nobody says what it is worth.

        An amount beyond all numbers has no worth either.
        """
        rate = self.rate(source, target)
        told = inf if rate is None else amount * rate
        return told if isfinite(told) else None
