"""The campaigns that may bid in exchanges, with what exchanges block them by, as bits.

Each fact by which a request can block a campaign (a category, a domain, an attribute, …) maps to
the bits of the campaigns it is true of, in the order of the index: the best score first.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.hot_state import AdsSnapshot, entry_of
from queqiao.decide.ads.inventory.private_deals import PrivateDeals
from queqiao.decide.ads.live import Live, name_of
from queqiao.decide.ads.odds import Odds
from queqiao.decide.ads.openrtb.rates import DEFAULT_RATES, Rates
from queqiao.decide.ads.openrtb.response import MediaType
from queqiao.decide.ads.openrtb.terms import ExchangeTerms
from queqiao.decide.ads.pacing.control import ALWAYS, Shares
from queqiao.decide.ads.promises.standing import ALL_KEPT, Standing
from queqiao.decide.ads.targeting.index import Entry, Index
from queqiao.decide.ads.wallets.account import Account
from queqiao.decide.ads.wallets.hot_state import NOBODY, Payers
from queqiao.kernel.money import DEFAULT_CURRENCY, exponent

OFF_SITE = "off-site"
"""The placement of every impression that names none of ours, and the channel of all of them."""

DEFAULT_TERMS = ExchangeTerms()


class Shelf:
    """The bits of one index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._facts: dict[tuple[str, str | int], int] = {}
        self._with_deals = 0
        for place, entry in enumerate(index.entries):
            self._note(entry.campaign, 1 << place)

    def _note(self, campaign: Campaign, bit: int) -> None:
        for fact in facts_of(campaign):
            self._facts[fact] = self._facts.get(fact, 0) | bit
        if terms_of(campaign).deals:
            self._with_deals |= bit

    def having(self, kind: str, values: Iterable[str | int]) -> int:
        """Return the bits of the campaigns of which any of the values is true."""
        bits = 0
        for value in values:
            bits |= self._facts.get((kind, value), 0)
        return bits

    def may_use_deal(self, deal_id: str) -> int:
        """Return the bits of the campaigns that may bid on a deal that is open to our seat."""
        return ~self._with_deals | self._facts.get(("deal", deal_id), 0)


def terms_of(campaign: Campaign) -> ExchangeTerms:
    """Return the terms on which a campaign bids."""
    return campaign.exchange or DEFAULT_TERMS


OWN_DOMAIN = ""
"""Stands for the domain of this server, to which a landing page that is a path belongs."""


def domain_of(campaign: Campaign, own: str = OWN_DOMAIN) -> str:
    """Return the advertiser's domain in lower case; ``own`` is that of this server."""
    said = terms_of(campaign).domain
    found = said or urlsplit(campaign.creatives[0].landing_url).hostname or own
    return found.lower().removeprefix("www.")


def facts_of(campaign: Campaign) -> Iterator[tuple[str, str | int]]:
    """Yield everything that a request can ask or block a campaign by."""
    terms = terms_of(campaign)
    for media in media_of(campaign):
        yield "media", media
    for category in terms.categories:
        yield "category", category
        yield "category", category.partition("-")[0]
    labels = domain_of(campaign).split(".")  # that of this server is one empty label
    for start in range(len(labels)):
        yield "domain", ".".join(labels[start:])
    for attribute in terms.attributes:
        yield "attribute", attribute
    for deal in terms.deals:
        yield "deal", deal
    if terms.bundle:
        yield "bundle", terms.bundle
    if terms.language:
        yield "language", terms.language.partition("-")[0].lower()


def media_of(campaign: Campaign) -> set[MediaType]:
    """Return the media in which a campaign has anything to show."""
    creatives = campaign.creatives
    found = {MediaType.BANNER, MediaType.NATIVE}
    if any(creative.video for creative in creatives):
        found.add(MediaType.VIDEO)
    if any(creative.audio for creative in creatives):
        found.add(MediaType.AUDIO)
    return found


class Shelves(Struct, frozen=True):
    """The shelves of this moment: of all campaigns, and of each placement that can be named.

    ``gone`` are the campaigns that rest, since what they promise is not there (``standing``);
    ``deals`` are our own preferred and private ones.
    """

    everywhere: Shelf
    by_placement: Mapping[str, Shelf]
    accounts: Mapping[str, Account] = MappingProxyType({})
    standing: Standing = ALL_KEPT
    gone: frozenset[str] = frozenset()
    deals: PrivateDeals = MappingProxyType({})
    shares: Shares = ALWAYS

    def keeping(self, ads: AdsSnapshot) -> "Shelves":
        """Return shelves on which those rest that rest in a snapshot."""
        return replace(self, standing=ads.standing, gone=frozenset(ads.gone))

    def of(self, *names: str | None) -> tuple[str, Shelf]:
        """Return the first placement of ours among the names with its shelf, else all."""
        for name in names:
            if name and name in self.by_placement:
                return name, self.by_placement[name]
        return OFF_SITE, self.everywhere

    @property
    def asks(self) -> bool:
        """Whether any campaign has an expression."""
        return bool(self.everywhere.index.expressions.fields)

    def account_of(self, campaign: Campaign) -> Account | None:
        """Return who pays for a campaign, None when it is the shop's own."""
        return self.accounts.get(campaign.advertiser)


class Money(Struct, frozen=True):
    """The currency in which scores are compared, and what others are worth."""

    rates: Rates
    currency: str


DEFAULT_MONEY = Money(Rates(DEFAULT_RATES), DEFAULT_CURRENCY)


def shelves(
    campaigns: Iterable[Live],
    ads: AdsSnapshot,
    counts: Iterable[Count],
    who_pays: Payers = NOBODY,
    money: Money = DEFAULT_MONEY,
) -> Shelves:
    """Build the shelves from the live campaigns and the snapshot that was made of them."""
    odds = Odds(counts)
    everywhere = [
        _in_currency(_entry(live, odds, ads), money)
        for live in campaigns
        if bids_elsewhere(live.document) and who_pays.unfit(live.document) is None
    ]
    by_placement = {
        placement.id: Shelf(
            Index([e for e in placement.index.entries if bids_elsewhere(e.campaign)])
        )
        for placement in ads.placements.values()
    }
    shelf = Shelf(Index([entry for entry in everywhere if entry is not None]))
    found = Shelves(shelf, MappingProxyType(by_placement), who_pays.accounts, shares=ads.shares)
    return found.keeping(ads)


def _entry(live: Live, odds: Odds, ads: AdsSnapshot) -> Entry:
    return entry_of(live, odds.bid(live, OFF_SITE), ads.expressions.get(name_of(live)))


EMPTY = Shelves(Shelf(Index([])), MappingProxyType({}))
"""Nobody bids: what a role starts with."""


def bids_elsewhere(campaign: Campaign) -> bool:
    """Say whether a campaign bids: not where its caps on how often one person sees it matter."""
    return terms_of(campaign).bids and campaign.sold == "auction" and not campaign.caps


def _in_currency(entry: Entry, money: Money) -> Entry | None:
    """Return the entry with its bid in a currency, for the score; None when no rate is known."""
    source = entry.campaign.currency
    if source == money.currency:
        return entry
    amount = entry.campaign.bid_minor / 10 ** exponent(source)
    bid_minor = money.rates.heard(amount, source, money.currency)
    if bid_minor is None:
        return None
    return replace(entry, bid=replace(entry.bid, bid_minor=bid_minor))


def cpm_minor(entry: Entry) -> int:
    """Return what a thousand impressions are worth to a campaign, in its own minor units."""
    return entry.bid.thousand_minor(entry.campaign.bid_minor)
