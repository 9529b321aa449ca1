"""What operators ask and do of advertisers' money."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Connection

from queqiao.decide.ads.wallets import account, payments
from queqiao.decide.ads.wallets.contracts import ADVERTISER, Advertiser, Payment
from queqiao.decide.ads.wallets.invoices import Invoice, invoice, month_of, with_credits
from queqiao.decide.ads.wallets.payments import Kind, Payments
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message, Refused
from queqiao.ports.ledger.base import Balance, Ledger
from queqiao.ports.ledger.purses import BASE
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

SHOWN_MAX = 200
MONTHS_MAX = 1_200

_NO_WALLET = Message(
    "后付费的广告主没有钱包；先把 payment 改为 prepaid",
    "who pays after the month has no wallet; set payment to prepaid first",
)


class NewPayment(Struct, frozen=True, forbid_unknown_fields=True):
    """Money paid in, or paid back; once a ``request_id``. ``reference``: a transfer's number."""

    amount_minor: Annotated[int, Meta(ge=1, le=BASE)]
    request_id: Annotated[str, Meta(min_length=1, max_length=200)]
    reference: Annotated[str, Meta(max_length=500)] = ""


class PaymentView(Struct, frozen=True):
    """A payment: ``amount_minor`` is below 0 for what was paid back."""

    id: str
    kind: Kind
    amount_minor: int
    reference: str
    state: str
    at: str


class AdvertiserWallet(Struct, frozen=True):
    """An advertiser's money: paid in + credited = balance + leased + billed + withdrawn.

    ``leased_minor`` is held for clicks that may still come. ``paid_in_minor`` is what the records
    say, the rest what the ledger says; ``difference_minor`` is between them, 0 but for money that
    is just on its way. ``on_credit_minor`` was billed without a wallet. ``credited_minor`` is what
    the cost guarantee gave back into it.
    """

    advertiser_id: str
    name: str
    currency: str
    payment: Payment
    balance_minor: int
    leased_minor: int
    paid_in_minor: int
    billed_minor: int
    withdrawn_minor: int
    on_credit_minor: int
    credited_minor: int
    difference_minor: int
    payments: list[PaymentView]


class WalletOffice(Struct, frozen=True):
    """Answers operators. Advertisers are read from the records, live or not."""

    records: Records
    ledger: Ledger
    warehouse: Warehouse
    zone: str

    async def wallet(self, advertiser_id: str, now_us: int) -> AdvertiserWallet:
        """Return an advertiser's money and latest payments. Raises NotFound."""
        document, made, (paid_in, credited) = await self.records.read(
            lambda conn: _read(conn, advertiser_id)
        )
        await self.ledger.expire(now_us)
        names = [account.wallet_counter(advertiser_id), account.withdrawn_counter(advertiser_id)]
        found = await self.ledger.balances(names)
        has, withdrawn = found[names[0]], found[names[1]].spent
        billed, on_credit = [
            await self._billed(advertiser_id, prepaid=how) for how in (True, False)
        ]
        return AdvertiserWallet(
            advertiser_id=advertiser_id,
            name=document.name,
            currency=document.currency,
            payment=document.payment,
            balance_minor=has.free,
            leased_minor=has.leased,
            paid_in_minor=paid_in,
            billed_minor=billed,
            withdrawn_minor=withdrawn,
            on_credit_minor=on_credit,
            credited_minor=credited,
            difference_minor=paid_in + credited - has.free - has.leased - billed - withdrawn,
            payments=[_shown(one) for one in made],
        )

    async def pay(
        self, advertiser_id: str, kind: Kind, wanted: NewPayment, actor: str, now_us: int
    ) -> AdvertiserWallet:
        """Take money in or pay it back, once a request.

        Raises NotFound, Conflict for other content of the request's id, Refused:
        ``insufficient_balance``, ``postpaid``.
        """
        stored = await self.records.read(
            lambda conn: documents.get(conn, ADVERTISER, advertiser_id)
        )
        if kind == "top_up" and stored.document.payment != "prepaid":
            raise Refused(_NO_WALLET, reason="postpaid")
        payment = payments.Payment(
            payments.payment_id(advertiser_id, f"{kind}\x1f{wanted.request_id}"),
            advertiser_id, kind, wanted.amount_minor, wanted.reference, actor, now_us,
        )  # fmt: skip
        await Payments(self.ledger, self.records).make(payment)
        return await self.wallet(advertiser_id, now_us)

    async def invoice(self, advertiser_id: str, month: str | None, now_us: int) -> Invoice:
        """Return the bill of a month, of this one without a name. Raises NotFound, InvalidInput."""
        when = month_of(month, now_us, self.zone)
        stored = await self.records.read(
            lambda conn: documents.get(conn, ADVERTISER, advertiser_id)
        )
        given_back = await self.records.read(
            lambda conn: payments.credits_between(conn, advertiser_id, when.since_us, when.until_us)
        )
        advertiser = advertiser_id, stored.document
        bill = await invoice(self.ledger, self.warehouse, advertiser, when, now_us)
        return with_credits(bill, given_back)

    async def _billed(self, advertiser_id: str, *, prepaid: bool) -> int:
        prefix = account.bill_counter(advertiser_id, "", prepaid=prepaid)
        return _spent((await self.ledger.find(prefix, MONTHS_MAX)).values())


def _spent(balances: Iterable[Balance]) -> int:
    return sum(one.spent for one in balances)


def _read(
    conn: Connection, advertiser_id: str
) -> tuple[Advertiser, list[payments.Payment], tuple[int, int]]:
    """Return document, latest payments, and what was paid in and given back in all."""
    document = documents.get(conn, ADVERTISER, advertiser_id).document
    made = payments.of_advertiser(conn, advertiser_id, SHOWN_MAX)
    sums = payments.paid_in(conn, advertiser_id), payments.credited(conn, advertiser_id)
    return document, made, sums


def _shown(one: payments.Payment) -> PaymentView:
    amount = -one.amount if one.kind == "withdrawal" else one.amount
    at = format_rfc3339(one.created_at_us)
    return PaymentView(one.id, one.kind, amount, one.reference, one.state, at)
