"""The document of an advertiser, and how its ads are paid."""

from typing import Literal

from msgspec import Struct

from queqiao.decide.ads.contracts import Currency, Minor, Name
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent

Payment = Literal["prepaid", "postpaid"]


class Advertiser(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody whose campaigns name them (``advertiser`` is this document's id).

    ``prepaid``: clicks are paid from a wallet, never below 0. ``postpaid``: they are billed at the
    end of the business month, at most ``credit_minor`` a month; None has no bound but the budgets.
    A campaign whose advertiser has no document is the shop's own: it pays nobody.
    """

    name: Name
    currency: Currency
    payment: Payment = "prepaid"
    credit_minor: Minor | None = None


_NO_CREDIT = Message(
    "预付费没有信用额度；删去它，或把 payment 改为 postpaid",
    "a prepaid advertiser has no credit; leave it out, or set payment to postpaid",
)


def check_advertiser(advertiser: Advertiser) -> None:
    """Raise InvalidInput for an unknown currency, or credit of who pays in advance."""
    exponent(advertiser.currency)
    if advertiser.payment == "prepaid" and advertiser.credit_minor is not None:
        raise InvalidInput(FieldError("credit_minor", _NO_CREDIT))


ADVERTISER = DocumentKind("advertiser", "advertisers", Advertiser, check_advertiser)
