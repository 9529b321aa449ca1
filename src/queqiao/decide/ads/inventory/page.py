"""Competitive exclusion: two rivals are never on one page together.

Rivals are two advertisers whose campaigns have a label in common. A page is what one decision
request fills, all its placements and slots. A slot claims the labels of its ad before anything
waits, and gives them back when the ad cannot be paid, so that slots filled at once agree.
"""

from collections.abc import Mapping

from queqiao.decide.ads.contracts import Campaign


class Page:
    """The ads of one request, as far as they keep rivals away."""

    def __init__(self, taken: Mapping[str, str] | None = None) -> None:
        self._claims: dict[str, Mapping[str, str]] = {"": taken} if taken else {}

    @property
    def taken(self) -> dict[str, str]:
        """Return the advertiser that has each label."""
        return {label: who for claim in self._claims.values() for label, who in claim.items()}

    def claim(self, key: str, campaign: Campaign) -> None:
        """Keep rivals of a campaign away; ``key`` is of its ad."""
        if campaign.exclusion_labels:
            self._claims[key] = dict.fromkeys(campaign.exclusion_labels, campaign.advertiser)

    def bars(self, campaign: Campaign) -> bool:
        """Say whether a rival of a campaign is here."""
        if not campaign.exclusion_labels:
            return False
        taken = self.taken
        return any(
            taken.get(label, campaign.advertiser) != campaign.advertiser
            for label in campaign.exclusion_labels
        )
