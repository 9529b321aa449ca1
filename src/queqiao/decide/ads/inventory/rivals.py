"""Which campaigns of a placement are rivals of what is on a page, as bits of its index."""

from collections.abc import Iterable

from queqiao.decide.ads.inventory.page import Page
from queqiao.decide.ads.targeting.index import Entry


class Rivals:
    """The labels of one placement's campaigns, as bits of its index."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._labelled: dict[str, int] = {}
        self._of: dict[str, int] = {}
        for place, entry in enumerate(entries):
            for label in entry.campaign.exclusion_labels:
                self._labelled[label] = self._labelled.get(label, 0) | 1 << place
                who = entry.campaign.advertiser
                self._of[who] = self._of.get(who, 0) | 1 << place

    def barred(self, page: Page | None) -> int:
        """Return the bits of the campaigns that a page's ads keep away."""
        bits = 0
        if page is not None and self._labelled:
            for label, who in page.taken.items():
                bits |= self._labelled.get(label, 0) & ~self._of.get(who, 0)
        return bits
