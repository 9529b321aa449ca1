"""The hot endpoints of points and store credit, on the ``decide`` role: a customer's accounts."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from queqiao.decide.promotions.coupons.customers import customer_of
from queqiao.decide.promotions.loyalty.credit_in_orders import AccountsOfOrders, CreditOfOrders
from queqiao.decide.promotions.loyalty.credit_in_quotes import CreditOfQuotes
from queqiao.decide.promotions.loyalty.in_orders import PointsOfOrders
from queqiao.decide.promotions.loyalty.in_quotes import PointsOfQuotes
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Names
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.loyalty.showing import CustomerPoints, Showing
from queqiao.decide.promotions.loyalty.showing_credit import CustomerCredit, as_credit
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.redemptions.points import Points
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of
from queqiao.kernel.tokens import Signer

_CURSOR, _CREDIT_CURSOR = "points.moves", "credit.moves"


Live = Callable[[], Programme | None]


class PointsDesk(NamedTuple):
    """What quotes, orders and customers ask of points and store credit."""

    of_quotes: PointsOfQuotes
    credit_of_quotes: CreditOfQuotes
    of_orders: Points
    showing: Showing
    showing_credit: Showing

    async def fill(
        self,
        question: QuoteRequest,
        promotions: PromotionsSnapshot,
        now_us: int,
        waits_s: float | None = None,
    ) -> QuoteRequest:
        """Return the question with what the live programmes say of its customer."""
        filled = await self.of_quotes.fill(question, promotions, now_us, waits_s)
        return await self.credit_of_quotes.fill(filled, now_us, waits_s)


def no_programme() -> Programme | None:
    """Return the programme of a shop without one."""
    return None


def points_desk(
    keeper: Keeper, secret: bytes, live: Live, live_credit: Live = no_programme, *others: Points
) -> PointsDesk:
    """Return a shop's desk; both are the programmes of now, ``secret`` names accounts.

    ``others`` follow orders too.
    """
    names = Names(secret)
    return PointsDesk(
        PointsOfQuotes(keeper, names, live),
        CreditOfQuotes(keeper, names, live_credit),
        accounts_of_orders(keeper, secret, *others),
        Showing(keeper, names, _shown(live)),
        Showing(keeper, names, _shown(live_credit)),
    )


def accounts_of_orders(keeper: Keeper, secret: bytes, *others: Points) -> Points:
    """Return what orders ask of points and store credit, and those who follow them too."""
    names = Names(secret)
    return AccountsOfOrders(PointsOfOrders(keeper, names), CreditOfOrders(keeper, names), *others)


def _shown(live: Live) -> Live:
    """Return a programme while it is live: one that rests is shown to nobody."""

    def shown() -> Programme | None:
        programme = live()
        return programme if programme is not None and programme.is_live else None

    return shown


def points_routes(desk: PointsDesk, signer: Signer) -> list[Route]:
    """Return the routes of points."""

    async def page(request: Request, showing: Showing, cursor: str) -> CustomerPoints:
        customer_id = customer_of(request.params["id"], "id")
        before = cursor_of(request, signer, cursor, int)
        shown, after = await showing.page(customer_id, before, limit_of(request), request.now_us)
        follows = None if after is None else cursor_after(signer, cursor, after)
        return replace(shown, next_cursor=follows)

    async def points(request: Request) -> Response:
        return json_response(await page(request, desk.showing, _CURSOR))

    async def credit(request: Request) -> Response:
        return json_response(as_credit(await page(request, desk.showing_credit, _CREDIT_CURSOR)))

    return [
        Route(
            "GET", "/api/v1/customers/{id}/store-credit", credit,
            Message("顾客的余额（返现）与变动", "A customer's store credit and its movements"),
            "decide", response_type=CustomerCredit, tags=("points",),
        ),
        Route(
            "GET", "/api/v1/customers/{id}/points", points,
            Message("顾客的积分、等级与变动", "A customer's points, tier and movements"),
            "decide", response_type=CustomerPoints, tags=("points",),
        ),
    ]  # fmt: skip
