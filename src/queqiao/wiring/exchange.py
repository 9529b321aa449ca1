"""The exchange in the decide role: its parts, and the records that are written beside it."""

import asyncio

import structlog

from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.contracts import BIDDER
from queqiao.decide.ads.openrtb.exchange.held import FLUSH_EVERY_S, HeldAuctions
from queqiao.decide.ads.openrtb.exchange.hot_endpoints import ExchangeServices
from queqiao.decide.ads.openrtb.exchange.hot_state import Open
from queqiao.decide.ads.openrtb.hot_endpoints import BidServices
from queqiao.kernel.errors import SystemFault
from queqiao.ports.keyring.base import UnsealableError, is_sealed
from queqiao.wiring import adapters
from queqiao.wiring.hot_state import HotState
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()


def opener(settings: Settings) -> Open:
    """Return what opens the sealed authorization of a bidder."""
    keyring = adapters.keyring(settings)

    def opened(text: str, bidder_id: str) -> str:
        if not is_sealed(text):
            return text
        try:
            return keyring.open(text, f"{BIDDER.name}/{bidder_id}/authorization")
        except UnsealableError:
            log.warning("a bidder's authorization cannot be opened", bidder=bidder_id)
            return ""

    return opened


def services(hot: HotState, bidding: BidServices, records: HeldAuctions) -> ExchangeServices:
    """Return what the exchange needs."""
    return ExchangeServices(
        market=lambda: hot.market,
        placement_floors=lambda: hot.placement_floors,
        bidding=bidding,
        callers=Callers(),
        records=records,
    )


async def tell(records: HeldAuctions, stop: asyncio.Event) -> None:
    """Write again and again what auctions came to; while the log is away, it waits."""

    async def once() -> None:
        try:
            await records.flush()
        except SystemFault:
            log.debug("auctions are told later")
        if records.lost:
            log.warning("records of auctions were lost while the log was away", lost=records.lost)
            records.lost = 0

    await every(FLUSH_EVERY_S, stop, once)
    await once()
