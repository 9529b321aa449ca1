"""Referrals as the roles use them: what follows orders, what is asked, what the clock brings."""

from queqiao.decide.promotions.coupons.wallet import Wallets
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.rewards import Rewards
from queqiao.decide.promotions.referrals.hot_endpoints import referral_routes
from queqiao.decide.promotions.referrals.in_orders import ReferralsOfOrders
from queqiao.decide.promotions.referrals.referring import ReferralServices
from queqiao.decide.promotions.referrals.rewarding import Rewarding
from queqiao.kernel.clock import Clock
from queqiao.kernel.http import Route
from queqiao.profile.contracts import LiveReader
from queqiao.wiring import secret_keys
from queqiao.wiring.freshness import Work
from queqiao.wiring.hot_state import HotState
from queqiao.wiring.settings import Settings


def rewarding(settings: Settings, keeper: Keeper) -> Rewarding:
    """Return what gives members their rewards."""
    rewards = Rewards(keeper, secret_keys.key(settings.home, "points"))
    return Rewarding(keeper, rewards, secret_keys.key(settings.home, "coupons"))


def of_orders(settings: Settings, keeper: Keeper) -> ReferralsOfOrders:
    """Return what follows the first orders of newcomers."""
    return ReferralsOfOrders(keeper, rewarding(settings, keeper))


def routes(settings: Settings, keeper: Keeper, hot: HotState, live: LiveReader) -> list[Route]:
    """Return the routes of the ``decide`` role."""
    secret = secret_keys.key(settings.home, "coupons")
    services = ReferralServices(
        keeper.ledger, keeper.records, keeper.event_log, secret,
        lambda: hot.referral_programme, live.buyer,
    )  # fmt: skip
    wallets = Wallets(hot.shop, keeper.ledger, keeper.records, secret)
    return referral_routes(services, wallets)


def upkeep(settings: Settings, keeper: Keeper, clock: Clock) -> Work:
    """Return the work that gives rewards when they are due."""
    gives = rewarding(settings, keeper)

    async def work() -> None:
        await gives.run(clock.now_us())

    return work
