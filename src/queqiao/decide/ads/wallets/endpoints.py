"""The management endpoints of advertisers' money beside their documents."""

from queqiao.decide.ads.wallets.invoices import Invoice
from queqiao.decide.ads.wallets.office import AdvertiserWallet, NewPayment, WalletOffice
from queqiao.decide.ads.wallets.payments import Kind
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Handler, Request, Response, Route, json_response
from queqiao.kernel.text import clean

_TAGS = ("advertisers",)
_PATH = "/api/v1/advertisers/{id}"


def handlers(office: WalletOffice) -> list[Route]:
    """Return the routes of the console role."""

    async def wallet(request: Request) -> Response:
        return json_response(await office.wallet(_id(request), request.now_us))

    async def bill(request: Request) -> Response:
        month = request.query.get("month")
        return json_response(await office.invoice(_id(request), month, request.now_us))

    return [
        Route(
            "GET", f"{_PATH}/wallet", wallet,
            Message("广告主的钱包、充值与账目", "An advertiser's wallet, payments and books"),
            "read", response_type=AdvertiserWallet, tags=_TAGS,
        ),
        Route(
            "GET", f"{_PATH}/invoice", bill,
            Message("广告主一个月的账单，按计划列出", "A month's bill by campaign"),
            "read", response_type=Invoice, tags=_TAGS,
        ),
        Route(
            "POST", f"{_PATH}/top-ups", _pay(office, "top_up"),
            Message("给广告主的钱包充值", "Put money into an advertiser's wallet"),
            "write", NewPayment, AdvertiserWallet, _TAGS,
        ),
        Route(
            "POST", f"{_PATH}/withdrawals", _pay(office, "withdrawal"),
            Message("从广告主的钱包退款", "Pay money back from an advertiser's wallet"),
            "write", NewPayment, AdvertiserWallet, _TAGS,
        ),
    ]  # fmt: skip


def _pay(office: WalletOffice, kind: Kind) -> Handler:
    async def pay(request: Request) -> Response:
        said = request.decode(NewPayment)
        wanted = NewPayment(
            said.amount_minor,
            clean(said.request_id, "request_id", 200),
            clean(said.reference, "reference", 500),
        )
        assert request.principal is not None  # the routes are guarded
        paid = await office.pay(_id(request), kind, wanted, request.principal.id, request.now_us)
        return json_response(paid)

    return pay


def _id(request: Request) -> str:
    return clean(request.params["id"], "id", 128)
