"""A counter where cards are sold and taken, on real parts: the embedded ledger and the records."""

import msgspec

from queqiao.decide.promotions.cards.card_book import CardBook
from queqiao.decide.promotions.cards.card_reader import CardReader
from queqiao.decide.promotions.cards.cards import Cards
from queqiao.decide.promotions.cards.contracts import CARD_PRODUCT, CardProductDocument
from queqiao.decide.promotions.cards.endpoints import handlers, void_route
from queqiao.decide.promotions.cards.hot_endpoints import card_routes
from queqiao.decide.promotions.cards.moves import Moves
from queqiao.decide.promotions.cards.operators import CardOffice
from queqiao.decide.promotions.cards.payments import Payments
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.kernel.http import Principal, Request
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords

NOW_US = 1_781_755_200_000_000
SECRET = b"the card key of the test, long.."
BOSS = Principal("key:1", "boss", scopes=frozenset({"admin"}))


class Counter:
    """All routes of cards on one ledger and one store."""

    def __init__(self, folder, ledger=None):
        self.folder = folder
        self.ledger = ledger or EmbeddedLedger.open(folder / "ledger")
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.products = {}
        self._open()

    def _open(self):
        self.book = CardBook(self.products.items(), SECRET)
        guesses = GuessBudget(self.ledger, SECRET)
        reader = CardReader(lambda: self.book, self.records, guesses)
        self.cards = Cards(reader, self.ledger, self.records)
        self.payments = Payments(reader, self.ledger, self.records)
        self.moves = Moves(self.ledger, self.records)
        office = CardOffice(self.records, self.ledger, SECRET)
        known = [*card_routes(self.cards, self.payments), *handlers(office), void_route(office)]
        self.routes = {f"{route.method} {route.path}": route for route in known}

    async def restart(self):
        """Open the ledger and the records anew from their files."""
        await self.close()
        self.ledger = EmbeddedLedger.open(self.folder / "ledger")
        self.records = SqliteRecords(self.folder / "records.sqlite")
        self._open()

    async def close(self):
        await self.ledger.close()
        self.records.close()

    def offer(self, product_id="gift", **fields):
        """Make a product live."""
        document = CardProductDocument(
            **{"name": "礼品卡", "currency": "CNY", "count": 1_000, "prefix": "G-", **fields}
        )
        self.products[product_id] = document
        edit = documents.Edit(SYSTEM, NOW_US)

        def store(conn):
            documents.create(conn, CARD_PRODUCT, product_id, document, edit)
            documents.transition(conn, CARD_PRODUCT, product_id, "live", edit)

        self.records.write_now(store)
        self._open()

    def card(self, number, product_id="gift"):
        """Return a card's code and PIN."""
        maker = self.book.product(product_id).maker
        return maker.code(number), self.book.space.pin(maker.tag, number)

    async def do(self, verb, number, now_us=NOW_US, product_id="gift", **said):
        """Show a card, with its right PIN if nothing else is said."""
        code, pin = self.card(number, product_id)
        body = {"customer_id": "u1", "pin": pin, **said}
        return await self.ask(f"POST /api/v1/cards/{{code}}/{verb}", body, now_us, code=code)

    async def ask(self, name, body=None, now_us=NOW_US, query=None, **params):
        route = self.routes[name]
        raw = b"" if body is None else msgspec.json.encode(body)
        request = Request(route.method, name, params, query or {}, {}, raw, "", now_us, BOSS)
        response = await route.handler(request)
        return response if response.stream else msgspec.json.decode(response.body)

    async def sold(self, number, amount=None, product_id="gift", now_us=NOW_US):
        said = {} if amount is None else {"amount": amount}
        return await self.do(
            "activate", number, now_us, product_id, request_id=f"a{number}", **said
        )

    async def money(self, product_id="gift", now_us=NOW_US):
        return await self.ask(
            "GET /api/v1/card-products/{id}/statistics", None, now_us, id=product_id
        )
