"""Stored-value cards: activated (sold), topped up, looked at, and moved to another card.

Each verb is safe to retry. What orders do with cards is in ``payments.py``.
"""

from functools import partial
from hashlib import blake2b

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.cards import card_rows
from queqiao.decide.promotions.cards.card_reader import REFUSED, CardAsked, CardReader, Shown
from queqiao.decide.promotions.cards.card_rows import Card, Move, Room
from queqiao.decide.promotions.cards.money import CardAccount, balance
from queqiao.decide.promotions.cards.moves import Moves
from queqiao.decide.promotions.coupons.holdings import whole_hour
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import DAY_US, format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused, Unavailable
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import audit
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Records

TRIES_MAX = 32
"""How often a move is begun again because another one to the card came between."""
_BUSY = Message("该卡同时充值过多，请再试", "too much comes to the card at once; try again")


class CardBalance(msgspec.Struct, frozen=True):
    """What is on a card, in minor units: ``balance`` can be paid with, ``held`` is for orders."""

    code: str
    product_id: str
    name: str
    currency: str
    balance: int
    held: int
    expires_at: str | None


class Cards:
    """The verbs on a card and its money."""

    def __init__(self, reader: CardReader, ledger: Ledger, records: Records) -> None:
        self._reader = reader
        self._ledger = ledger
        self._records = records
        self._moves = Moves(ledger, records)

    async def activate(
        self, asked: CardAsked, amount: int | None, request_id: str, actor: Actor
    ) -> CardBalance:
        """Sell a card: it holds its product's value, or ``amount``. No PIN: it is still covered.

        Who sold it stands in the audit trail, once however often it is asked.
        """
        found, card = await self._reader.on_sale(asked)
        document = found.product.document
        value = _value(amount, document.value, document.balance_at_most)
        days = document.valid_days
        ends_us = FOREVER_US if days is None else whole_hour(asked.now_us + days * DAY_US)
        fresh = Card(
            found.product.id, found.number, "active", asked.customer_id, asked.now_us, ends_us
        )
        account = CardAccount(fresh.product_id, fresh.number)
        move = _move("activate", account, value, request_id, asked.now_us)
        noting = partial(_note, move=move, actor=actor, currency=document.currency)
        begun = await self._records.write(
            lambda conn: noting(conn, card_rows.activate(conn, fresh, move))
        )
        await self._moves.finish(begun, asked.now_us)
        return await self._balance(Shown(found, card or fresh), asked.now_us)

    async def top_up(
        self, asked: CardAsked, amount: int, request_id: str, actor: Actor
    ) -> CardBalance:
        """Put more on a card, with an audit row.

        Raises Refused: ``not_reloadable``, ``balance_at_most``.
        """
        shown = await self._reader.opened(asked, needs_pin=False)
        document = shown.found.product.document
        if not document.reloadable:
            raise Refused(REFUSED, reason="not_reloadable")
        move = _move("top_up", shown.account, amount, request_id, asked.now_us)
        await self._put(shown, move, document.balance_at_most, asked.now_us, actor)
        return await self._balance(shown, asked.now_us)

    async def _put(
        self, shown: Shown, move: Move, at_most: int, now_us: int, actor: Actor | None = None
    ) -> None:
        """Note a move and finish it; a new one must keep the card within what it may hold.

        It is noted in the transaction that finds room for it, so no retry finishes a refused one.
        """
        named = (shown.card.product_id, shown.card.number)
        for _ in range(TRIES_MAX):
            settled = await self._records.read(lambda conn: card_rows.settled(conn, *named))
            has = await balance(self._ledger, shown.account)
            room = Room(at_most - has.free - has.leased, settled)
            currency = shown.found.product.document.currency
            begun = await self._records.write(
                partial(_begin, move=move, room=room, actor=actor, currency=currency)
            )
            if begun is not None:
                await self._moves.finish(begun, now_us)
                return
        raise Unavailable(_BUSY)

    async def balance(self, asked: CardAsked) -> CardBalance:
        """Say what is on a card. Raises Refused: ``card_unknown``, ``card_expired``."""
        return await self._balance(await self._reader.opened(asked), asked.now_us)

    async def transfer(
        self, asked: CardAsked, to_code: str, amount: int | None, request_id: str
    ) -> CardBalance:
        """Move money, or all of it, to another card of the same currency, once per request."""
        shown = await self._reader.opened(asked)
        target = await self._reader.opened(replace(asked, code=to_code, pin=""), needs_pin=False)
        document, account = target.found.product.document, target.account
        if document.currency != shown.found.product.document.currency:
            raise Refused(REFUSED, reason="currency_differs")
        if account == shown.account:
            raise InvalidInput(FieldError("to", Message("须为另一张卡", "another card")))
        move = await self._transfer(shown, target, amount, request_id, asked.now_us)
        await self._put(target, move, document.balance_at_most, asked.now_us)
        return await self._balance(shown, asked.now_us)

    async def _transfer(
        self, shown: Shown, target: Shown, amount: int | None, request_id: str, now_us: int
    ) -> Move:
        """Return the move, of as much as was noted first where all of a balance was asked for.

        Its id is of the card that pays and the request, so another target is another content.
        """
        has = await balance(self._ledger, shown.account)
        move = replace(
            _move("transfer", shown.account, amount or has.free, request_id, now_us),
            product_id=target.card.product_id,
            number=target.card.number,
            from_product_id=shown.card.product_id,
            from_number=shown.card.number,
        )
        known = await self._records.read(
            lambda conn: card_rows.moves_of(conn, move.from_product_id, move.from_number)
        )
        first = next((one for one in known if one.id == move.id and amount is None), move)
        if not first.amount:
            raise Refused(REFUSED, reason="insufficient_balance")
        return replace(move, amount=first.amount)

    async def _balance(self, shown: Shown, now_us: int) -> CardBalance:
        await self._ledger.expire(now_us)
        has = await balance(self._ledger, shown.account)
        document, ends_us = shown.found.product.document, shown.card.expires_at_us
        return CardBalance(
            shown.found.code,
            shown.found.product.id,
            document.name,
            document.currency,
            has.free,
            has.leased,
            format_rfc3339(ends_us) if ends_us < FOREVER_US else None,
        )


def _begin(
    conn: Connection, *, move: Move, room: Room, actor: Actor | None, currency: str
) -> Move | None:
    begun = card_rows.begin_within(conn, move, room)
    if begun is None or actor is None:
        return begun
    return _note(conn, begun, move=move, actor=actor, currency=currency)


def _note(conn: Connection, begun: Move, *, move: Move, actor: Actor, currency: str) -> Move:
    """Leave an audit row for money that is put on a card now; a retry leaves none.

    It names the card by its number: whoever knows the code may have its money.
    """
    if begun is move:
        target = f"{move.product_id}/{move.number}"
        summary = f"{move.amount} {currency} minor units"
        entry = audit.Entry(f"card.{move.kind}", "card", target, summary)
        audit.note(conn, actor, entry, move.created_at_us)
    return begun


def _move(
    kind: card_rows.MoveKind, account: CardAccount, amount: int, request_id: str, now_us: int
) -> Move:
    """Return a new move; the same request always has the same id."""
    said = f"{kind}\x1f{account.money}\x1f{request_id}"
    move_id = blake2b(said.encode(), digest_size=16).hexdigest()
    return Move(move_id, kind, account.product_id, account.number, amount, now_us)


def _value(said: int | None, fixed: int | None, at_most: int) -> int:
    """Return what a card is sold with. Raises InvalidInput."""
    if fixed is not None:
        if said is not None and said != fixed:
            message = Message(f"该卡面值固定为 {fixed}", f"these cards are of {fixed}")
            raise InvalidInput(FieldError("amount", message))
        return fixed
    if said is None:
        raise InvalidInput(FieldError("amount", Message("请填写金额", "name the amount")))
    if said > at_most:
        message = Message(f"不能超过余额上限 {at_most}", f"at most {at_most} on such a card")
        raise InvalidInput(FieldError("amount", message))
    return said
