"""Money that advertisers pay in or get back: noted first, then moved by the ledger, then marked.

Each half is done once under its key. Whoever dies between them leaves the note, and the scheduler
finishes it.
"""

from hashlib import blake2b
from typing import Any, Literal, assert_never

from msgspec import Struct
from msgspec.structs import asdict, replace
from sqlalchemy import Connection, Select, func, insert, select, update

from queqiao.decide.ads.wallets import account
from queqiao.decide.ads.wallets.tables import payments
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Conflict, Message, Refused
from queqiao.ports.ledger import purses
from queqiao.ports.ledger.base import AMOUNT_MAX, Granted, Ledger, Take
from queqiao.ports.records.base import Records

PATIENCE_US = 5 * SECOND_US
"""How long a payment may be under way before somebody else finishes it."""
AT_ONCE = 500

Kind = Literal["top_up", "withdrawal", "guarantee", "bill_credit"]
"""``guarantee`` gives back to a wallet what the cost guarantee owes, ``bill_credit`` on the bill of
who pays after the month."""

CREDITS: tuple[Kind, ...] = ("guarantee", "bill_credit")
State = Literal["begun", "done", "refused"]

_SHORT = Message("钱包余额不足", "the wallet has not so much free")
_OTHER = Message("同一 request_id，内容不同", "the same request_id with other content")
_c = payments.c


class Payment(Struct, frozen=True):
    """One payment; the ledger's key of its step is made of ``id``."""

    id: str
    advertiser_id: str
    kind: Kind
    amount: int
    reference: str
    actor: str
    created_at_us: int
    state: State = "begun"


def payment_id(advertiser_id: str, request_id: str) -> str:
    """Return the id of what was asked for under a request's id."""
    return blake2b(f"{advertiser_id}\x1f{request_id}".encode(), digest_size=16).hexdigest()


def credit_reference(campaign_id: str, window: str) -> str:
    """Return the reference of a credit: for which campaign, and which week."""
    return f"{campaign_id} {window}"


def begin(conn: Connection, payment: Payment) -> Payment:
    """Note a payment; one of the same id is the one noted first. Raises Conflict if it differs."""
    known = find(conn, payment.id)
    if known is None:
        conn.execute(insert(payments).values(asdict(payment)))
        return payment
    same = replace(payment, created_at_us=known.created_at_us, actor=known.actor, state=known.state)
    if same != known:
        raise Conflict(_OTHER)
    return known


def find(conn: Connection, payment_id: str) -> Payment | None:
    """Return a payment, None where there is none."""
    found = _read(conn, select(payments).where(_c.id == payment_id))
    return found[0] if found else None


def of_advertiser(conn: Connection, advertiser_id: str, limit: int) -> list[Payment]:
    """Return an advertiser's payments, newest first."""
    theirs = select(payments).where(_c.advertiser_id == advertiser_id)
    return _read(conn, theirs.order_by(_c.created_at_us.desc(), _c.id).limit(limit))


def has_any(conn: Connection, advertiser_id: str) -> bool:
    """Say whether an advertiser ever paid in."""
    return bool(of_advertiser(conn, advertiser_id, 1))


def paid_in(conn: Connection, advertiser_id: str) -> int:
    """Return what an advertiser has paid in, in all; what is on its way is not in it."""
    return _sum(conn, advertiser_id, "top_up")


def credited(conn: Connection, advertiser_id: str) -> int:
    """Return what the cost guarantee gave back into an advertiser's wallet, in all."""
    return _sum(conn, advertiser_id, "guarantee")


def credits_between(
    conn: Connection, advertiser_id: str, since_us: int, until_us: int
) -> list[Payment]:
    """Return what the cost guarantee gave back in a time, to the wallet or on the bill."""
    here = (_c.advertiser_id == advertiser_id) & _c.kind.in_(CREDITS) & (_c.state == "done")
    when = (_c.created_at_us >= since_us) & (_c.created_at_us < until_us)
    return _read(conn, select(payments).where(here & when).order_by(_c.created_at_us, _c.id))


def _sum(conn: Connection, advertiser_id: str, kind: Kind) -> int:
    here = (_c.advertiser_id == advertiser_id) & (_c.kind == kind) & (_c.state == "done")
    return int(conn.execute(select(func.coalesce(func.sum(_c.amount), 0)).where(here)).scalar_one())


def under_way(conn: Connection, before_us: int, limit: int) -> list[Payment]:
    """Return payments that were begun before a moment and not finished, oldest first."""
    begun = select(payments).where(_c.state == "begun", _c.created_at_us <= before_us)
    return _read(conn, begun.order_by(_c.created_at_us, _c.id).limit(limit))


def _read(conn: Connection, query: Select[Any]) -> list[Payment]:
    return [Payment(**row._mapping) for row in conn.execute(query)]  # noqa: SLF001  # SQLAlchemy's own word for the row by name


class Payments:
    """Finishes payments."""

    def __init__(self, ledger: Ledger, records: Records) -> None:
        self._ledger = ledger
        self._records = records

    async def make(self, payment: Payment) -> Payment:
        """Note a payment and finish it, once under its id.

        Raises Conflict for other content of its id, Refused: ``insufficient_balance``.
        """
        noted = await self._records.write(lambda conn: begin(conn, payment))
        return await self.finish(noted, payment.created_at_us)

    async def finish(self, payment: Payment, now_us: int) -> Payment:
        """Do what a payment says, if it is not done. Raises Refused: ``insufficient_balance``."""
        if payment.state == "begun":
            done = await self._do(payment, now_us)
            payment = replace(payment, state="done" if done else "refused")
            await self._records.write(lambda conn: _settle(conn, payment))
        if payment.state == "refused":
            raise Refused(_SHORT, reason="insufficient_balance")
        return payment

    async def finish_all(self, now_us: int) -> int:
        """Finish what others left half done; return how many payments that were."""
        before_us = now_us - PATIENCE_US
        found = await self._records.read(lambda conn: under_way(conn, before_us, AT_ONCE))
        for payment in found:
            try:
                await self.finish(payment, now_us)
            except Refused:
                continue  # it is marked so, and whoever asked is told when asking again
        return len(found)

    async def _do(self, payment: Payment, now_us: int) -> bool:
        advertiser_id, key = payment.advertiser_id, f"ads-payment:{payment.id}"
        match payment.kind:
            case "top_up":
                purse = account.purse(advertiser_id)
                await purses.put_on(self._ledger, purse, payment.amount, key, now_us)
                return True
            case "withdrawal":
                takes = [
                    Take(account.wallet_counter(advertiser_id), payment.amount),
                    Take(account.withdrawn_counter(advertiser_id), payment.amount, AMOUNT_MAX),
                ]
                return isinstance(await self._ledger.spend(key, takes, now_us), Granted)
            case "guarantee":
                purse = account.purse(advertiser_id)
                await purses.put_on(self._ledger, purse, payment.amount, key, now_us)
                return await self._credit(payment, now_us)
            case "bill_credit":
                return await self._credit(payment, now_us)
            case other:
                assert_never(other)

    async def _credit(self, payment: Payment, now_us: int) -> bool:
        """Put what was given back on the books, once."""
        name = account.credited_counter(payment.advertiser_id)
        take = Take(name, payment.amount, AMOUNT_MAX)
        key = f"ads-payment:{payment.id}:credited"
        return isinstance(await self._ledger.spend(key, [take], now_us), Granted)


def _settle(conn: Connection, payment: Payment) -> None:
    """Mark what became of a payment. What is done stays done."""
    here = (_c.id == payment.id) & (_c.state != "done")
    conn.execute(update(payments).where(here).values(state=payment.state))
