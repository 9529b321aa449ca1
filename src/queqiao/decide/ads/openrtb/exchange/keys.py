"""Keys for the ad server (``hb_pb``, ``hb_bidder``, …), as Prebid Server names and cuts them."""

from collections.abc import Sequence

from msgspec import Struct

from queqiao.decide.ads.openrtb.exchange.granularity import Granularity, bucket, granularity
from queqiao.decide.ads.openrtb.exchange.judging import Offered
from queqiao.decide.ads.openrtb.exchange.prebid import MultiBid, TargetingAsked

KEY_CHARACTERS_MAX = 20
"""What ad servers take of a key; keys are cut there unless the request says another length."""

PREFIX = "hb"


class Naming(Struct, frozen=True):
    """How extra bids of a seat are named: ``prefix`` and their number, from 2 on."""

    prefixes: dict[str, str]

    def code(self, seat: str, number: int) -> str | None:
        """Return the name under which a seat's bid is told; None: it is told under none."""
        if number == 1:
            return seat
        prefix = self.prefixes.get(seat)
        return f"{prefix}{number}" if prefix else None


def naming(rules: Sequence[MultiBid]) -> Naming:
    """Return the names of extra bids; only a rule for a single bidder can have a prefix."""
    return Naming(
        {
            rule.bidder: rule.targetbiddercodeprefix
            for rule in rules
            if rule.bidder and rule.targetbiddercodeprefix
        }
    )


class Keys:
    """The keys of one auction."""

    def __init__(self, asked: TargetingAsked, default: str, *, is_app: bool) -> None:
        self._asked = asked
        self._is_app = is_app
        self._default = granularity(asked.pricegranularity, default)
        self._prefix = asked.prefix or PREFIX
        self._cut = asked.truncateattrchars or KEY_CHARACTERS_MAX

    def of(self, bid: Offered, code: str, *, is_winner: bool) -> dict[str, str]:
        """Return the keys of a bid that is told under ``code``."""
        values = {
            "pb": bucket(bid.adjusted, self._granularity(bid)),
            "bidder": code,
        }
        if bid.size is not None:
            values["size"] = f"{bid.size[0]}x{bid.size[1]}"
        if bid.deal_id:
            values["deal"] = bid.deal_id
        if self._asked.includeformat:
            values["format"] = bid.media
        if self._is_app:
            values["env"] = "mobile-app"
        return self._spelt(values, code, bid, is_winner=is_winner)

    def _spelt(
        self, values: dict[str, str], code: str, bid: Offered, *, is_winner: bool
    ) -> dict[str, str]:
        keys: dict[str, str] = {}
        for name, value in values.items():
            key = f"{self._prefix}_{name}"
            if self._asked.includebidderkeys or (bid.deal_id and self._asked.alwaysincludedeals):
                keys[f"{key}_{code}"[: self._cut]] = value
            if self._asked.includewinners and is_winner:
                keys[key[: self._cut]] = value
        return keys

    def _granularity(self, bid: Offered) -> Granularity:
        by_media = self._asked.mediatypepricegranularity
        said = getattr(by_media, bid.media) if by_media is not None else None
        return granularity(said) if said is not None else self._default
