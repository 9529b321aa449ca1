"""What a campaign bids in a place: its document, and what is predicted of its ads there."""

from collections.abc import Iterable

from queqiao.decide.ads.auction import BID_FOR_CONVERSIONS, QUALITY_UNIT, Bid
from queqiao.decide.ads.click_rate import ClickRates, ConversionRates, Count
from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.live import Live, group_of
from queqiao.decide.ads.quality import PERCENT, learned


class Odds:
    """Clicks, conversions and quality of every campaign in every place, from what was counted."""

    def __init__(self, counts: Iterable[Count] = ()) -> None:
        counted = list(counts)
        self._clicks = ClickRates(counted)
        self._conversions = ConversionRates(counted)

    def bid(self, live: Live, placement_id: str, *, learns: bool = False) -> Bid:
        """Return what is bid in a place; ``learns``: whether quality is learned there."""
        campaign: Campaign = live.document
        return Bid(
            live.id,
            live.revision,
            campaign.bid_minor,
            self._clicks.of(live.id, placement_id),
            campaign.pricing,
            self._conversions.of(live.id, placement_id),
            self._quality(live.id, campaign, placement_id, learns=learns),
            group_of(live),
        )

    def _quality(self, name: str, campaign: Campaign, placement_id: str, *, learns: bool) -> int:
        if campaign.quality_percent is not None:
            return campaign.quality_percent * PERCENT
        if not learns or campaign.pricing in BID_FOR_CONVERSIONS:
            return QUALITY_UNIT
        return learned(self._conversions, name, placement_id)
