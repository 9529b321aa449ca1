"""Who pays for ads at one moment, frozen."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct
from sqlalchemy import Connection

from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.wallets.account import Account, account_of
from queqiao.decide.ads.wallets.contracts import ADVERTISER
from queqiao.ports.records import documents


class Payers(Struct, frozen=True):
    """The advertisers that have documents: accounts of the live ones, ids of those put aside."""

    accounts: Mapping[str, Account] = MappingProxyType({})
    aside: frozenset[str] = frozenset()

    def unfit(self, campaign: Campaign) -> str | None:
        """Return why a campaign's advertiser keeps it from showing, None when nothing does."""
        if campaign.advertiser in self.aside:
            return "advertiser_not_live"
        account = self.accounts.get(campaign.advertiser)
        differs = account is not None and account.currency != campaign.currency
        return "advertiser_currency" if differs else None


NOBODY = Payers()
"""No advertiser has a document: all campaigns are the shop's own."""


def load(conn: Connection) -> Payers:
    """Return who pays by the documents of now. A draft says nothing yet."""
    accounts = {
        one.id: account_of(one.id, one.document) for one in documents.live(conn, ADVERTISER)
    }
    aside = (
        one.id
        for state in ("paused", "archived")
        for one in documents.in_state(conn, ADVERTISER, state)
    )
    return Payers(MappingProxyType(accounts), frozenset(aside))
