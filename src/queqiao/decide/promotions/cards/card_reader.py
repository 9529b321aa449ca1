"""Which card a code is of: read by equal work for any text, so that a guesser learns nothing."""

from collections.abc import Callable
from hmac import compare_digest

import msgspec

from queqiao.decide.promotions.cards import card_rows
from queqiao.decide.promotions.cards.card_book import CardBook, FoundCard
from queqiao.decide.promotions.cards.card_rows import Card
from queqiao.decide.promotions.cards.money import CardAccount
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.kernel.errors import Message, Refused
from queqiao.ports.records.base import Records

REFUSED = Message("卡不可用", "this card cannot be used")
_WRONG = "card_unknown"


class CardAsked(msgspec.Struct, frozen=True):
    """A verb's question: who shows which card, with which PIN, from where, and when."""

    code: str
    pin: str
    customer_id: str
    address: str
    now_us: int


class Shown(msgspec.Struct, frozen=True):
    """A right card: what it is of, and what the records say of it."""

    found: FoundCard
    card: Card

    @property
    def account(self) -> CardAccount:
        """Its counters."""
        return CardAccount(self.card.product_id, self.card.number)


class CardReader:
    """Reads cards. A wrong one (no such code, not sold, void, another PIN) is one answer."""

    def __init__(
        self, book: Callable[[], CardBook], records: Records, guesses: GuessBudget
    ) -> None:
        self._book = book
        self._records = records
        self._guesses = guesses

    async def on_sale(self, asked: CardAsked) -> tuple[FoundCard, Card | None]:
        """Return a card that is, or is to be, sold. Raises Refused: its PIN is still covered."""
        found, card = await self._found(asked, needs_pin=False)
        if found is None:
            raise Refused(REFUSED, reason=_WRONG)
        return found, card

    async def _found(
        self, asked: CardAsked, *, needs_pin: bool
    ) -> tuple[FoundCard | None, Card | None]:
        """Return what a code is of, by equal work for any text; the product is None when wrong."""
        found, pin = self._book().find(asked.code)
        product_id, number = ("", -1) if found is None else (found.product.id, found.number)
        card = await self._records.read(lambda conn: card_rows.find(conn, product_id, number))
        await self._guesses.check(asked.customer_id, asked.address, asked.now_us)
        has_pin = needs_pin and found is not None and found.product.document.pin
        is_right = compare_digest(asked.pin.encode() if has_pin else pin.encode(), pin.encode())
        if found is None or not is_right:
            await self._guess(asked)
            return None, None
        return found, card

    async def _guess(self, asked: CardAsked) -> None:
        text = f"card\x1f{normal(asked.code)}\x1f{asked.pin}"
        await self._guesses.count(asked.customer_id, asked.address, text, asked.now_us)

    async def shown(self, asked: CardAsked, *, needs_pin: bool = True) -> Shown:
        """Return a right card that was sold and is not void. Raises Refused, TooManyRequests."""
        found, card = await self._found(asked, needs_pin=needs_pin)
        if found is not None and (card is None or card.state == "void"):
            await self._guess(asked)
            found = None
        if found is None or card is None:
            raise Refused(REFUSED, reason=_WRONG)
        return Shown(found, card)

    async def opened(self, asked: CardAsked, *, needs_pin: bool = True) -> Shown:
        """Return a card that can be used now."""
        shown = await self.shown(asked, needs_pin=needs_pin)
        check_open(shown, asked.now_us)
        return shown

    def _check_open(self, shown: Shown, now_us: int) -> None:
        if now_us >= shown.card.expires_at_us:
            raise Refused(REFUSED, reason="card_expired")


def check_open(shown: Shown, now_us: int) -> None:
    """Raise Refused when the card has expired."""
    if now_us >= shown.card.expires_at_us:
        raise Refused(REFUSED, reason="card_expired")
