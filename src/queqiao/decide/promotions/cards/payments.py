"""What orders do with cards: hold, capture, release, refund. Each verb is safe to retry."""

from contextlib import suppress
from typing import Literal

import msgspec

from queqiao.decide.promotions.cards import card_rows
from queqiao.decide.promotions.cards.card_reader import (
    REFUSED,
    CardAsked,
    CardReader,
    Shown,
    check_open,
)
from queqiao.decide.promotions.cards.money import CardAccount, balance
from queqiao.decide.promotions.coupons.holdings import whole_hour
from queqiao.kernel.clock import DAY_US, MINUTE_US, SECOND_US, format_rfc3339
from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    Gone,
    InvalidInput,
    Message,
    NotFound,
    Refused,
)
from queqiao.ports.ledger.base import AMOUNT_MAX, Balance, Ledger, Take
from queqiao.ports.records.base import Records

TRIES_MAX = 16
"""How often one order can hold money of one card in all."""
REFUND_VALID_DAYS = 30
"""How long an expired card is good again for what is refunded to it."""

PaymentState = Literal["held", "captured", "released"]


class CardPayment(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an order has of a card. ``amount``: held or captured, less what was refunded."""

    code: str
    state: PaymentState
    order_id: str
    currency: str
    amount: int
    expires_at: str | None = None


class Payments:
    """The verbs of an order on a card."""

    def __init__(self, reader: CardReader, ledger: Ledger, records: Records) -> None:
        self._reader = reader
        self._ledger = ledger
        self._records = records

    async def hold(self, asked: CardAsked, order_id: str, amount: int) -> CardPayment:
        """Hold money for an order. Raises Refused: ``insufficient_balance``.

        An order that holds money already gets the same answer; Conflict for another amount.
        """
        shown = await self._reader.opened(asked)
        before = await self._order(shown, order_id)
        if not before.is_open(asked.now_us) and not before.is_captured:
            before = await self._take(shown, order_id, amount, asked.now_us, "hold")
        if before.is_captured:
            raise Refused(REFUSED, reason="captured_by_order")
        _check_same(before.held, amount)
        return _payment(shown, "held", order_id, before.held, before.ends_s)

    async def capture(self, asked: CardAsked, order_id: str, amount: int | None) -> CardPayment:
        """Pay an order: from what it holds (all, or less: the rest is free again), or at once."""
        shown = await self._reader.shown(asked)
        before = await self._order(shown, order_id)
        if before.is_captured:
            return _payment(shown, "captured", order_id, before.captured)
        if before.held:
            paid = await self._commit(shown, order_id, before, amount, asked.now_us)
            if paid is not None:
                return paid
        check_open(shown, asked.now_us)
        if amount is None:
            raise InvalidInput(FieldError("amount", Message("请填写金额", "name the amount")))
        after = await self._take(shown, order_id, amount, asked.now_us, "capture")
        return _payment(shown, "captured", order_id, after.captured)

    async def release(self, asked: CardAsked, order_id: str) -> CardPayment:
        """Give back what an order holds; nothing happens without. Raises Conflict once captured."""
        shown = await self._reader.shown(asked)
        before = await self._order(shown, order_id)
        if before.is_captured:
            raise Conflict(Message("该订单已扣款，请用退款", "it was captured; use a refund"))
        for key in _keys(shown.account, order_id) if before.held else ():
            with suppress(Conflict):
                await self._ledger.release(key, asked.now_us)
        return _payment(shown, "released", order_id, 0)

    async def refund(
        self, asked: CardAsked, order_id: str, amount: int, request_id: str
    ) -> CardPayment:
        """Give money of an order back to its card, once under ``request_id``.

        An expired card is good again for a while after a new one. Raises Refused:
        ``refund_exceeds``, ``not_captured``, ``refund_too_late`` (90 days).
        """
        shown = await self._reader.shown(asked)
        before = await self._order(shown, order_id)
        if not before.is_captured:
            raise Refused(REFUSED, reason="not_captured")
        amounts = {
            shown.account.money: amount,
            shown.account.order_money(order_id): amount,
            shown.account.left("captured"): amount,
        }
        for key in _keys(shown.account, order_id):
            try:
                await self._ledger.commit(key, asked.now_us)
                await self._ledger.refund(f"{key}:{request_id}", key, amounts, asked.now_us)
            except (NotFound, Gone):  # it came to nothing
                continue
            except InvalidInput as error:
                raise Refused(REFUSED, reason="refund_exceeds") from error
            after = await self._order(shown, order_id)
            if after.captured < before.captured or await self._is_stranded(shown):
                await self._extend(shown, asked.now_us)
            return _payment(shown, "captured", order_id, after.captured)
        raise Refused(REFUSED, reason="refund_too_late")

    async def _is_stranded(self, shown: Shown) -> bool:
        """Say whether money came to a card that was written off: a refund died half done."""
        return shown.card.written_off > 0 and (await balance(self._ledger, shown.account)).free > 0

    async def _order(self, shown: Shown, order_id: str) -> "OrderMoney":
        names = [shown.account.order(order_id), shown.account.order_money(order_id)]
        found = await self._ledger.balances(names)
        return OrderMoney(found[names[0]], found[names[1]])

    async def _take(
        self,
        shown: Shown,
        order_id: str,
        amount: int,
        now_us: int,
        how: Literal["hold", "capture"],
    ) -> "OrderMoney":
        """Hold or spend money under the first key that no earlier try has used up."""
        account = shown.account
        minutes = shown.found.product.document.hold_minutes
        end_s = (now_us + minutes * MINUTE_US) // SECOND_US + 1
        takes = [
            Take(account.order(order_id), end_s, end_s),
            Take(account.order_money(order_id), amount, AMOUNT_MAX),
            Take(account.money, amount),
            Take(account.left("captured"), amount, AMOUNT_MAX),
        ]
        for key in _keys(account, order_id):
            with suppress(Conflict):  # the key is of a try of another moment
                if how == "hold":
                    await self._ledger.reserve(key, takes, end_s * SECOND_US, now_us)
                else:
                    await self._ledger.spend(key, takes, now_us)
            after = await self._order(shown, order_id)
            if after.is_captured or (how == "hold" and after.is_open(now_us)):
                return after
            if (await balance(self._ledger, account)).free < amount:
                raise Refused(REFUSED, reason="insufficient_balance")
        raise Refused(REFUSED, reason="held_too_often")

    async def _commit(
        self, shown: Shown, order_id: str, before: "OrderMoney", amount: int | None, now_us: int
    ) -> CardPayment | None:
        """Turn what the order holds into a payment; None when the hold is over."""
        account, paid = shown.account, before.held if amount is None else amount
        if paid > before.held:
            raise Refused(REFUSED, reason="capture_exceeds_hold")
        amounts = {
            account.order(order_id): before.ends_s,
            account.order_money(order_id): paid,
            account.money: paid,
            account.left("captured"): paid,
        }
        for key in _keys(account, order_id):
            with suppress(NotFound, Gone, InvalidInput):
                await self._ledger.commit(key, now_us, amounts)
                after = await self._order(shown, order_id)
                if after.is_captured:
                    return _payment(shown, "captured", order_id, after.captured)
        return None

    async def _extend(self, shown: Shown, now_us: int) -> None:
        """Let an expired card be good again, for the money that came to it."""
        until_us = whole_hour(now_us + REFUND_VALID_DAYS * DAY_US)
        if shown.card.expires_at_us < until_us and shown.card.expires_at_us <= now_us:
            card = shown.card
            await self._records.write(
                lambda conn: card_rows.change(conn, card, expires_at_us=until_us, written_off=0)
            )


class OrderMoney(msgspec.Struct, frozen=True):
    """What the ledger says of an order and a card: of its hold, and of its money."""

    hold: Balance
    money: Balance

    @property
    def ends_s(self) -> int:
        """The second in which the hold ends, 0 without one."""
        return self.hold.leased

    @property
    def held(self) -> int:
        """The money that is held."""
        return self.money.leased

    @property
    def captured(self) -> int:
        """The money that was paid, less what was refunded."""
        return self.money.spent

    @property
    def is_captured(self) -> bool:
        """Whether the order has paid, whatever was refunded since."""
        return self.hold.spent > 0

    def is_open(self, now_us: int) -> bool:
        """Whether the order holds money now."""
        return self.ends_s * SECOND_US > now_us


def _keys(account: CardAccount, order_id: str) -> list[str]:
    """Return the keys under which the order may have taken money, first to last."""
    return [f"card-hold:{account.money}:{order_id}:{n}" for n in range(TRIES_MAX)]


def _check_same(held: int, amount: int) -> None:
    if held != amount:
        message = Message("该订单已占用另一金额，请先释放", "it holds another amount: release that")
        raise Conflict(message)


def _payment(
    shown: Shown, state: PaymentState, order_id: str, amount: int, end_s: int = 0
) -> CardPayment:
    expires_at = format_rfc3339(end_s * SECOND_US) if end_s else None
    currency = shown.found.product.document.currency
    return CardPayment(shown.found.code, state, order_id, currency, amount, expires_at)
