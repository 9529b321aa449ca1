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
        return await self._found(asked, needs_pin=False, needs_sale=False)

    async def _found(
        self, asked: CardAsked, *, needs_pin: bool, needs_sale: bool
    ) -> tuple[FoundCard, Card | None]:
        """Return what a code is of. Raises Refused, by equal work for any wrong text.

        A PIN is counted as a guess before it is compared, and given back when all was right.
        """
        found, pin = self._book().find(asked.code)
        product_id, number = ("", -1) if found is None else (found.product.id, found.number)
        card = await self._records.read(lambda conn: card_rows.find(conn, product_id, number))
        shown = normal(asked.code)
        await self._guesses.check(asked.customer_id, asked.address, asked.now_us, card=shown)
        has_pin = needs_pin and found is not None and found.product.document.pin
        guess = await self._guess(asked) if has_pin else None
        is_same = compare_digest(asked.pin.encode() if has_pin else pin.encode(), pin.encode())
        is_sold = card is not None and card.state != "void"
        if found is None or not is_same or (needs_sale and not is_sold):
            if guess is None:
                await self._guess(asked)
            raise Refused(REFUSED, reason=_WRONG)
        if guess is not None:
            await self._guesses.give_back(guess, asked.now_us)
        return found, card

    async def _guess(self, asked: CardAsked) -> str:
        code = normal(asked.code)
        who, text = (asked.customer_id, asked.address), f"card\x1f{code}\x1f{asked.pin}"
        return await self._guesses.count(*who, text, asked.now_us, card=code)

    async def shown(self, asked: CardAsked, *, needs_pin: bool = True) -> Shown:
        """Return a right card that was sold and is not void. Raises Refused, TooManyRequests."""
        found, card = await self._found(asked, needs_pin=needs_pin, needs_sale=True)
        if card is None:  # no sale, no card
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
