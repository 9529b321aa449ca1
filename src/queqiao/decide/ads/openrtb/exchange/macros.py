"""What stands in markup and notices for facts of the auction (OpenRTB 2.6, section 4.4).

The price is what the bidder bid, in its own currency: it pays that, whatever the publisher's
factor makes of it. What only the page knows, such as why a bid lost, stays as it is.
A text that would grow beyond its bound stays as it is, too: a bidder names its ids itself, and a
long one in the place of many macros would make of one megabyte as many gigabytes.
"""

import re

from msgspec.structs import replace

from queqiao.decide.ads.openrtb.exchange.judging import Offered
from queqiao.decide.ads.openrtb.response import Bid

MARK = "${AUCTION_"
GROWTH_CHARACTERS_MAX = 32_768
"""By so much a text of a bid may grow when its macros are filled in."""

_MACRO = re.compile(r"\$\{AUCTION_[A-Z_]+\}")
PLACES = ("nurl", "burl", "lurl", "adm")


def filled(bid: Bid, offered: Offered, auction_id: str) -> Bid:
    """Return a bid with its macros filled in."""
    texts = {
        name: text for name in PLACES if (text := getattr(bid, name)) is not None and MARK in text
    }
    if not texts:
        return bid
    facts = {
        "${AUCTION_PRICE}": f"{offered.price:.6f}".rstrip("0").rstrip("."),
        "${AUCTION_CURRENCY}": offered.cur,
        "${AUCTION_ID}": auction_id,
        "${AUCTION_BID_ID}": offered.bid_id,
        "${AUCTION_IMP_ID}": offered.imp_id,
        "${AUCTION_SEAT_ID}": offered.seat,
        "${AUCTION_AD_ID}": bid.adid or "",
    }
    return replace(bid, **{name: _filled(text, facts) for name, text in texts.items()})


def _filled(text: str, facts: dict[str, str]) -> str:
    """Return the text with its macros filled in once: what stands in a fact is not filled again."""
    growth = sum(text.count(macro) * len(fact) for macro, fact in facts.items())
    if growth > GROWTH_CHARACTERS_MAX:
        return text
    return _MACRO.sub(lambda macro: facts.get(macro[0], macro[0]), text)
