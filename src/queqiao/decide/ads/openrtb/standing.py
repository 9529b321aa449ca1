"""How we stand in exchanges: what an operator sets."""

from collections.abc import Mapping

from msgspec import Struct

from queqiao.decide.ads.openrtb.rates import DEFAULT_RATES


class BidderSettings(Struct, frozen=True):
    """How we stand in exchanges. ``network_ms`` of an exchange's time are the way to it and back.

    ``tcf_vendor_id`` is our number in the TCF's vendor list, 0 when we are not in it.
    """

    seat: str = "queqiao"
    network_ms: int = 20
    tcf_vendor_id: int = 0
    rates: Mapping[str, float] = DEFAULT_RATES
