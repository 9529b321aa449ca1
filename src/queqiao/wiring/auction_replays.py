"""What replays of auctions read beside the log: documents from the records, results of ads."""

from sqlalchemy import Connection

from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT, Campaign, Placement
from queqiao.decide.ads.forecast.results import results
from queqiao.decide.ads.forecast.sample import DAYS
from queqiao.decide.ads.replay.change import Asked, asked_in
from queqiao.decide.ads.replay.endpoints import Known, ReplayServices, handlers
from queqiao.decide.ads.replay.jobs import Jobs
from queqiao.decide.ads.replay.replay import Past
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import NotFound
from queqiao.kernel.http import Route
from queqiao.kernel.ids import IdSource
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.wiring.settings import Settings

_STATES = ("live", "paused", "archived")


def routes(
    settings: Settings, records: Records, warehouse: Warehouse, ids: IdSource
) -> list[Route]:
    """Return the routes of replays of auctions for the console role."""
    shop = settings.shop

    async def known(
        campaign_id: str | None, place_id: str | None, from_us: int, until_us: int
    ) -> Known:
        campaign, place, budgets, asked = await records.read(
            lambda conn: _documents(conn, campaign_id, place_id)
        )
        became = await results(warehouse, from_us - DAYS * DAY_US, until_us + DAY_US)
        document = campaign or place
        currency = document.document.currency if document is not None else shop.currency
        return Known(
            Past(became, budgets, currency, shop.timezone, asked),
            None if campaign is None else campaign.document,
            None if place is None else place.document,
            0 if campaign is None else campaign.revision,
        )

    jobs = Jobs(settings.home / "auction_replays", warehouse)
    return handlers(ReplayServices(known, jobs, ids, shop.timezone))


def _documents(
    conn: Connection, campaign_id: str | None, place_id: str | None
) -> tuple[Stored | None, Stored | None, dict[str, int], dict[str, Asked]]:
    """Return the document that is changed, budgets of live campaigns, and who asks what where."""
    live = documents.live(conn, CAMPAIGN)
    past = [one for state in _STATES for one in documents.in_state(conn, CAMPAIGN, state)]
    places: dict[str, Placement] = {one.id: one.document for one in documents.live(conn, PLACEMENT)}
    campaigns: list[Campaign] = [one.document for one in past]
    budgets = {one.id: one.document.daily_budget_minor for one in live}
    campaign = None if campaign_id is None else _found(conn, CAMPAIGN, campaign_id)
    place = None if place_id is None else _found(conn, PLACEMENT, place_id)
    return campaign, place, budgets, asked_in(places, campaigns)


def _found(conn: Connection, kind: DocumentKind, document_id: str) -> Stored | None:
    try:
        return documents.get(conn, kind, document_id)
    except NotFound:
        return None
