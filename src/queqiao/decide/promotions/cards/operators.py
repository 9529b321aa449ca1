"""What operators ask and do: single cards with their movements, voids, a product's money."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from queqiao.decide.promotions.cards import card_rows
from queqiao.decide.promotions.cards.card_book import CardBook, FoundCard
from queqiao.decide.promotions.cards.card_rows import Card, Move
from queqiao.decide.promotions.cards.contracts import CARD_PRODUCT, CardProductDocument
from queqiao.decide.promotions.cards.money import CardAccount, balance
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, Message, NotFound
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import audit, documents
from queqiao.ports.records.base import Records

ASKED_AT_ONCE = 1_000


class CardMove(msgspec.Struct, frozen=True):
    """Money that came to a card (``amount`` above 0) or left it for another."""

    kind: str
    amount: int
    state: str
    at: str


class CardView(msgspec.Struct, frozen=True):
    """A card as operators see it. ``state``: unsold, active, expired or void."""

    code: str
    product_id: str
    name: str
    currency: str
    number: int
    state: str
    balance: int
    held: int
    customer_id: str | None
    activated_at: str | None
    expires_at: str | None
    void_reason: str | None
    moves: list[CardMove]


class VoidCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a card is made void."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class ProductMoney(msgspec.Struct, frozen=True):
    """A product's money, in minor units: put on = on cards + captured + moved + written off.

    ``put_on`` is what the records say, the rest what the ledger says; ``difference`` is between
    them, 0 but for money that is just on its way (``on_the_way``).
    """

    product_id: str
    currency: str
    cards: int
    put_on: int
    on_cards: int
    held: int
    captured: int
    moved: int
    written_off: int
    on_the_way: int
    difference: int


class CardOffice(msgspec.Struct, frozen=True):
    """Answers operators. Products are read from the records, live or not."""

    records: Records
    ledger: Ledger
    secret: bytes

    async def card(self, code: str, now_us: int) -> CardView:
        """Return everything about a card. Raises NotFound."""
        found, card, moves = await self.records.read(lambda conn: self._find(conn, code))
        await self.ledger.expire(now_us)
        has = await balance(self.ledger, CardAccount(found.product.id, found.number))
        document = found.product.document
        return CardView(
            code=found.code,
            product_id=found.product.id,
            name=document.name,
            currency=document.currency,
            number=found.number,
            state=_state(card, now_us),
            balance=has.free,
            held=has.leased,
            customer_id=card.customer_id if card else None,
            activated_at=format_rfc3339(card.activated_at_us) if card else None,
            expires_at=_end(card),
            void_reason=card.void_reason or None if card else None,
            moves=[_move(one, card) for one in moves],
        )

    async def void(self, code: str, reason: str, actor: audit.Actor, now_us: int) -> CardView:
        """Make a card void at once; what is left on it is written off. Raises NotFound, Conflict.

        What an order holds of it may still be captured.
        """
        await self.records.write(lambda conn: self._void(conn, code, reason, actor, now_us))
        return await self.card(code, now_us)

    async def money(self, product_id: str, now_us: int) -> ProductMoney:
        """Return a product's money. Raises NotFound."""
        stored = await self.records.read(lambda conn: documents.get(conn, CARD_PRODUCT, product_id))
        await self.ledger.expire(now_us)
        count, on_cards, held = await self._on_cards(product_id)
        account = CardAccount(product_id, 0)
        names = [account.left("captured"), account.left("moved"), account.left("written_off")]
        gone = await self.ledger.balances(names)
        captured, moved, written_off = (gone[name].spent for name in names)
        put_on, on_the_way = await self.records.read(lambda conn: _put_on(conn, product_id))
        known = on_cards + held + captured + moved + written_off
        return ProductMoney(
            product_id=product_id,
            currency=stored.document.currency,
            cards=count,
            put_on=put_on,
            on_cards=on_cards,
            held=held,
            captured=captured,
            moved=moved,
            written_off=written_off,
            on_the_way=on_the_way,
            difference=put_on - known,
        )

    async def _on_cards(self, product_id: str) -> tuple[int, int, int]:
        """Return how many cards were sold, and what is free and held on them together."""
        count = free = held = 0
        after = -1
        while cards := await self.records.read(
            lambda conn, after=after: card_rows.of_product(conn, product_id, after, ASKED_AT_ONCE)  # type: ignore[misc]  # bound at once
        ):
            names = [CardAccount(product_id, card.number).money for card in cards]
            for has in (await self.ledger.balances(names)).values():
                free, held = free + has.free, held + has.leased
            count, after = count + len(cards), cards[-1].number
        return count, free, held

    def _find(self, conn: Connection, code: str) -> tuple[FoundCard, Card | None, list[Move]]:
        found, _ = CardBook(_all_products(conn), self.secret).find(code)
        if found is None:
            raise NotFound
        named = (found.product.id, found.number)
        return found, card_rows.find(conn, *named), card_rows.moves_of(conn, *named)

    def _void(
        self, conn: Connection, code: str, reason: str, actor: audit.Actor, now_us: int
    ) -> None:
        found, card, _ = self._find(conn, code)
        if card is None:
            raise Conflict(Message("这张卡未售出", "the card was not sold"))
        if card.state == "void":
            return
        card_rows.change(conn, card, state="void", void_reason=reason, written_off=0)
        target = f"{found.product.id}/{found.number}"
        audit.note(conn, actor, audit.Entry("card.void", "card", target, reason), now_us)


def _all_products(conn: Connection) -> list[tuple[str, CardProductDocument]]:
    found = []
    for state in CARD_PRODUCT.states:
        found += documents.in_state(conn, CARD_PRODUCT, state)
    return [(one.id, one.document) for one in found]


def _put_on(conn: Connection, product_id: str) -> tuple[int, int]:
    """Return what was put on the product's cards, and what is on its way."""
    sums = card_rows.sums(conn, product_id)
    return sums.get("done", 0), sums.get("begun", 0)


def _state(card: Card | None, now_us: int) -> str:
    if card is None:
        return "unsold"
    if card.state == "void":
        return "void"
    return "expired" if now_us >= card.expires_at_us else "active"


def _end(card: Card | None) -> str | None:
    has_end = card is not None and card.expires_at_us < FOREVER_US
    return format_rfc3339(card.expires_at_us) if card is not None and has_end else None


def _move(move: Move, card: Card | None) -> CardMove:
    here = card is not None and (move.product_id, move.number) == (card.product_id, card.number)
    amount = move.amount if here else -move.amount
    return CardMove(move.kind, amount, move.state, format_rfc3339(move.created_at_us))
