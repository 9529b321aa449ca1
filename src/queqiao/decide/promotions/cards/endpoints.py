"""The management endpoints of cards beside the products' documents."""

from sqlalchemy import Connection

from queqiao.decide.promotions.cards.card_book import CardBook
from queqiao.decide.promotions.cards.contracts import CARD_PRODUCT
from queqiao.decide.promotions.cards.operators import CardOffice, CardView, ProductMoney, VoidCard
from queqiao.decide.promotions.coupons.code_files import FORMS, Form, code_file
from queqiao.decide.promotions.coupons.codes import LENGTH
from queqiao.decide.promotions.coupons.endpoints import part_of
from queqiao.decide.promotions.coupons.gift_endpoints import actor_of
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Handler, Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.records import audit, documents

_TAGS = ("cards",)
_PIN_BYTES = len(b",000000")


def handlers(office: CardOffice) -> list[Route]:
    """Return the routes of the console role beside ``void_route``."""
    product = "/api/v1/card-products/{id}"

    async def card(request: Request) -> Response:
        return json_response(await office.card(_code(request), request.now_us))

    async def money(request: Request) -> Response:
        product_id = clean(request.params["id"], "id", 64)
        return json_response(await office.money(product_id, request.now_us))

    files = Message(
        "下载卡号与密码，边生成边发送；from 与 count 取其中一段",
        "Download cards and PINs, sent while they are made; from and count take a part",
    )
    return [
        Route(
            "GET", "/api/v1/cards/{code}", card,
            Message("一张卡的状态、余额与变动", "A card: its state, balance and movements"),
            "read", response_type=CardView, tags=_TAGS,
        ),
        Route(
            "GET", f"{product}/statistics", money,
            Message("卡品的资金，账目相等", "A product's money, in books that agree"),
            "read", response_type=ProductMoney, tags=_TAGS,
        ),
        *(
            Route("GET", f"{product}/cards.{form}", _download(office, form), files, "admin",
                  tags=_TAGS)
            for form in FORMS
        ),
    ]  # fmt: skip


def void_route(office: CardOffice) -> Route:
    """Return the route that makes a card void.

    It leaves its own audit row: a plain one would name the card by the code in the path.
    """

    async def void(request: Request) -> Response:
        reason = clean(request.decode(VoidCard).reason, "reason", 500)
        code, actor = _code(request), actor_of(request)
        return json_response(await office.void(code, reason, actor, request.now_us))

    return Route(
        "POST", "/api/v1/cards/{code}/void", void,
        Message("作废一张卡，余额注销", "Make a card void; what is left is written off"),
        "write", VoidCard, CardView, _TAGS,
    )  # fmt: skip


def _code(request: Request) -> str:
    return clean(request.params["code"], "code", 64)


def _download(office: CardOffice, form: Form) -> Handler:
    async def download(request: Request) -> Response:
        product_id = clean(request.params["id"], "id", 64)
        stored = await office.records.read(
            lambda conn: documents.get(conn, CARD_PRODUCT, product_id)
        )
        document = stored.document
        product = CardBook([(product_id, document)], office.secret).product(product_id)
        assert product is not None
        first, end = part_of(request, document.count)
        await office.records.write(lambda conn: _note(conn, request, product_id, (first, end)))
        width = len(document.prefix) + LENGTH + len(b"\r\n") + (_PIN_BYTES if document.pin else 0)
        heading = "card,pin" if document.pin else "card"
        lines = product.maker.lines(first, end, pins=document.pin)
        return code_file(form, product_id, heading, lines, (end - first) * width)

    return download


def _note(conn: Connection, request: Request, product_id: str, part: tuple[int, int]) -> None:
    """Leave a row in the audit trail: who has cards and PINs has the money."""
    summary = "cards {} to {}".format(*part)
    entry = audit.Entry("card_product.download", CARD_PRODUCT.name, product_id, summary)
    audit.note(conn, actor_of(request), entry, request.now_us)
