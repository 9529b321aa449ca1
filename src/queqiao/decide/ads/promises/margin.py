"""What a click is worth while promotions take their part: bids that follow the margin of goods.

``bid_minor`` of such a campaign is what a click is worth while its goods sell at their full price.
The worth of a click is its chance of an order times the margin of that order, so when promotions
leave a part of the margin, the same part of the bid is bid; where they leave nothing, nothing is.
"""

from collections.abc import Iterable, Iterator, Mapping

from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.live import Live, bidding

FULL_PPM = 1_000_000
"""A margin is told in millionths of that at the full price."""

Margins = Mapping[str, int]
"""By SKU, the part of its margin that live promotions leave, in millionths; 0 where it is sold at
its cost or below, absent where no cost is known."""


def margin_ppm(full_minor: int, now_minor: int, cost_minor: int) -> int | None:
    """Return which part of the margin a price leaves, None where there is none to begin with.

    More than the full margin (a price that rose) is the full margin: a bid is never exceeded.
    """
    full = full_minor - cost_minor
    if full <= 0:
        return None
    return max(0, min(FULL_PPM, (now_minor - cost_minor) * FULL_PPM // full))


def following(live: Iterable[Live], margins: Margins) -> Iterator[Live]:
    """Yield the live campaigns, those that follow their margin with the bid that it leaves.

    One of which nothing is left rests, and keeps its bid, so that it is known why it rests.
    """
    for each in live:
        part_ppm = part_of(each.document, margins) if margins else FULL_PPM
        if part_ppm in {0, FULL_PPM}:
            yield each
        else:
            bid_minor = each.document.bid_minor * part_ppm // FULL_PPM
            yield bidding(each, bid_minor)


def part_of(campaign: Campaign, margins: Margins) -> int:
    """Return the part of its bid that a campaign makes: the mean over the goods that it shows."""
    if not campaign.bid_follows_margin:
        return FULL_PPM
    skus = {each.sku for each in campaign.creatives if each.sku is not None}
    known = [margins[sku] for sku in skus if sku in margins]
    return sum(known) // len(known) if known else FULL_PPM
