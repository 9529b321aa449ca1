"""What orders ask of points; a shop without a programme has none."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from queqiao.decide.promotions.quote_types import Quote, QuoteRequest
from queqiao.decide.promotions.redemptions.claims import Claim
from queqiao.decide.promotions.redemptions.redemption_types import NewRedemption, Record, Return
from queqiao.kernel.errors import FieldError, Message, Refused

OF_POINTS = "points"
"""Begins every counter of points."""

_NO_CREDIT = Message("余额不足", "the account has not so much store credit")
_NO_PROGRAMME = Message(
    "没有生效的积分计划，不能用积分；请先发布，或去掉积分",
    "no points programme is live; publish one, or offer no points",
)
_SHORT = Message("积分不足", "the account has not so many points")


class PointsCharge(NamedTuple):
    """Points that a refund pays for, and their worth in minor units."""

    points: int = 0
    amount: int = 0


NO_CHARGE = PointsCharge()


OF_ORDER = ""
"""Stands for the promotion in what an order itself takes: the store credit that pays it."""


class Points(Protocol):
    """Points and store credit of orders. ``loyalty`` holds the real ones."""

    def claims(self, question: QuoteRequest, answer: Quote) -> Mapping[str, list[Claim]]:
        """Return by promotion, or ``OF_ORDER``, what an order takes from the ledger of them."""
        ...

    def with_own(self, question: QuoteRequest, held: Mapping[str, int]) -> QuoteRequest:
        """Return the question with the points that its own order holds already, by counter."""
        ...

    async def paid(self, record: Record, now_us: int) -> None:
        """Note what a paid order used and earned, once."""
        ...

    async def came_back(self, record: Record, returns: Sequence[Return], now_us: int) -> None:
        """Give back the points of what came back so far; it may be called again at any time."""
        ...

    async def charge(self, record: Record, returned: int, taken: int, now_us: int) -> PointsCharge:
        """Return what of the points that a refund takes back it has to pay for instead.

        ``returned`` points come back to the account with the same refund.
        """
        ...


class NoPoints:
    """Points of a shop without a programme."""

    def claims(self, _question: QuoteRequest, _answer: Quote) -> Mapping[str, list[Claim]]:
        """Take none."""
        return {}

    def with_own(self, question: QuoteRequest, _held: Mapping[str, int]) -> QuoteRequest:
        """Add none."""
        return question

    async def paid(self, record: Record, now_us: int) -> None:
        """Do nothing."""

    async def came_back(self, record: Record, returns: Sequence[Return], now_us: int) -> None:
        """Do nothing."""

    async def charge(
        self, _record: Record, _returned: int, _taken: int, _now_us: int
    ) -> PointsCharge:
        """Charge nothing."""
        return NO_CHARGE


NO_POINTS: Points = NoPoints()


def missing_points(question: QuoteRequest) -> int:
    """Return how many of the points that a cart offers its customer does not have."""
    loyalty, wished = question.customer.loyalty, question.cart.points
    has = wished if loyalty is None or loyalty.points is None else loyalty.points
    return max(0, wished - has)


def check_points(asked: NewRedemption, question: QuoteRequest) -> None:
    """Raise Refused where the account has fewer points than the order would use."""
    missing = missing_points(question)
    if missing and asked.when_used_up == "refuse":
        loyalty = question.customer.loyalty
        if loyalty is not None and not loyalty.is_live:
            error = Refused(_NO_PROGRAMME, reason="no_points_programme")
            error.fields = (FieldError("question.cart.points", _NO_PROGRAMME),)
            raise error
        error = Refused(_SHORT, reason="points_short")
        message = Message(f"还差 {missing} 积分", f"{missing} points are missing")
        error.fields = (FieldError("question.cart.points", message),)
        raise error


def missing_credit(question: QuoteRequest) -> int:
    """Return how much of the store credit that a cart would use its customer does not have."""
    credit, wished = question.customer.store_credit, question.cart.store_credit
    return max(0, wished - (0 if credit is None else credit.available))


def check_credit(asked: NewRedemption, answer: Quote | None) -> None:
    """Raise Refused where store credit pays less than the order asked for and needs."""
    payments = () if answer is None or asked.when_used_up != "refuse" else answer.payments
    for one in payments:
        if one.method == "store_credit" and one.reason is not None:
            raise no_credit(one.reason, one.amount)


def no_credit(reason: str, left: int) -> Refused:
    """Return the refusal of an order that store credit cannot pay as it asked."""
    error = Refused(_NO_CREDIT, reason=reason)
    message = Message(f"可用 {left}", f"{left} can be used")
    error.fields = (FieldError("question.cart.store_credit", message),)
    return error
