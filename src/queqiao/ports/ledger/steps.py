"""What stands in the journal and in the snapshot: steps, and what is remembered of each key.

A step holds its effects (transfers, the answer), not the question, so that replaying an old journal
never depends on today's rules.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from queqiao.kernel.errors import Conflict, FieldError, Gone, InvalidInput, Message, NotFound
from queqiao.ports.ledger.base import AMOUNT_MAX, Ask, Balance, Granted, Refused, Remembered, Take
from queqiao.ports.ledger.books import Transfer

NAME_LENGTH_MAX = 500
"""Bound of a counter's name and of a key, in characters."""

SAME_KEY = Message("同一个键，内容不同", "the same key with other content")
NO_RESERVATION = Message("没有这笔预留", "no such reservation")
ENDED = Message("预留已释放或过期", "the reservation was released or has expired")
OVER = Message("超过这个键持有的数量", "more than the key holds")
NOTHING_SPENT = Message("这个键没有花费", "nothing was spent under that key")
COMMITTED = Message("已提交，请用退款", "it was committed; use a refund")
LATE = Message("过期时间须晚于现在", "must be later than now")

Kind = Literal["limit", "draw", "reserve", "spend", "part", "refund", "commit", "release", "expire"]
State = Literal["refused", "open", "spent", "freed", "done"]


class Step(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One step as it is journaled. ``amounts`` are by counter; ``limits`` are newly wanted ones."""

    kind: Kind
    key: str
    at_us: int
    amounts: dict[str, int]
    transfers: list[Transfer]
    limits: dict[str, int] = {}
    expires_at_us: int = 0
    refused: Refused | None = None
    balance: Balance | None = None
    of_key: str = ""
    freed: dict[str, int] = {}


class Holding(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is remembered of a key: what was asked, its state, and what the first answer was.

    ``at_us`` is the ledger's time of the last step under the key: the latest ``now_us`` that it had
    been told by then, so that steps of a replayed past are remembered as long as any.
    ``open`` is leased; ``freed`` was released or has expired; ``done`` is a limit or a refund.
    ``asked`` is what a reservation still holds or held at its end; where parts were taken out of
    it, ``first`` is what it was asked with. Of a part, ``freed`` is what it freed.
    """

    kind: Kind
    state: State
    at_us: int
    asked: dict[str, int]
    expires_at_us: int = 0
    spent: dict[str, int] = {}
    refunded: dict[str, int] = {}
    refused: Refused | None = None
    balance: Balance | None = None
    of_key: str = ""
    first: dict[str, int] = {}
    freed: dict[str, int] = {}

    @property
    def asked_first(self) -> dict[str, int]:
        """What was asked under the key, whatever became of it."""
        return self.first or self.asked


def after(step: Step, before: Holding | None, at_us: int) -> Holding:
    """Return what is remembered of the step's own key once it is done, from ``at_us`` on."""
    if step.kind in ("commit", "release", "expire"):
        if before is None:
            raise NotFound(NO_RESERVATION)
        return _settled(step, before, at_us)
    return Holding(
        kind=step.kind,
        state=_first_state(step),
        at_us=at_us,
        asked=step.amounts,
        expires_at_us=step.expires_at_us,
        spent=step.amounts if step.kind in ("spend", "part") and step.refused is None else {},
        refused=step.refused,
        balance=step.balance,
        of_key=step.of_key,
        freed=step.freed,
    )


def _first_state(step: Step) -> State:
    if step.refused is not None:
        return "refused"
    if step.kind == "part" and not any(step.amounts.values()):
        return "freed"
    return {"reserve": "open", "spend": "spent", "part": "spent"}.get(step.kind, "done")  # type: ignore[return-value]  # the table's values are States


def _settled(step: Step, before: Holding, at_us: int) -> Holding:
    replace = msgspec.structs.replace
    if step.kind == "commit":
        return replace(before, state="spent", at_us=at_us, spent=step.amounts)
    return replace(before, state="freed", at_us=at_us)


def refunded(step: Step, origin: Holding, at_us: int) -> Holding:
    """Return what is remembered of the key that a refund gives back from."""
    amounts = dict(origin.refunded)
    for counter, amount in step.amounts.items():
        amounts[counter] = amounts.get(counter, 0) + amount
    return msgspec.structs.replace(origin, refunded=amounts, at_us=at_us)


def parted(step: Step, origin: Holding) -> Holding:
    """Return what is remembered of the reservation that a part was taken out of."""
    left = dict(origin.asked)
    for amounts in (step.amounts, step.freed):
        for counter, amount in amounts.items():
            left[counter] -= amount
    return msgspec.structs.replace(origin, asked=left, first=origin.asked_first)


def check_same(
    held: Holding, kind: Kind, asked: Mapping[str, int], of_key: str, freed: Mapping[str, int]
) -> None:
    """Raise Conflict unless a key that comes again asks what it asked first."""
    is_same = held.kind == kind and held.asked_first == asked and held.freed == freed
    if not is_same or held.of_key != of_key:
        raise Conflict(SAME_KEY)


def granted(key: str, held: Holding) -> Granted | Refused:
    """Return the first answer of a reservation, a spending or a refund."""
    return held.refused or Granted(key, held.asked_first)


def open_reservation(held: Holding | None, now_us: int) -> Holding:
    """Return a reservation that can be committed now. Raises NotFound or Gone."""
    if held is None or held.kind != "reserve" or held.state == "refused":
        raise NotFound(NO_RESERVATION)
    if held.state == "freed" or now_us >= held.expires_at_us:
        raise Gone(ENDED)
    return held


def sum_takes(takes: Sequence[Take]) -> tuple[dict[str, int], dict[str, int]]:
    """Return amounts and limits by counter, checked. Several takes of one counter add up."""
    amounts: dict[str, int] = {}
    limits: dict[str, int] = {}
    for index, take in enumerate(takes):
        path = f"takes[{index}]"
        check_name(take.counter, f"{path}.counter")
        check_amount(take.amount, f"{path}.amount")
        amounts[take.counter] = amounts.get(take.counter, 0) + take.amount
        if take.limit is not None:
            check_amount(take.limit, f"{path}.limit")
            limits[take.counter] = take.limit
    return amounts, limits


def check_asks(asks: Sequence[Ask], now_us: int) -> None:
    """Raise InvalidInput naming the first ask that is wrong."""
    for index, ask in enumerate(asks):
        if not 0 < len(ask.key) <= NAME_LENGTH_MAX:
            check_name(ask.key, f"asks[{index}].key")
        for name, amount in ask.amounts.items():
            if not (0 < len(name) <= NAME_LENGTH_MAX and 0 <= amount <= AMOUNT_MAX):
                check_name(name, f"asks[{index}].amounts")
                check_amount(amount, f"asks[{index}].amounts")
        for limit in ask.limits.values():
            if not 0 <= limit <= AMOUNT_MAX:
                check_amount(limit, f"asks[{index}].limits")
        if not now_us < ask.expires_at_us <= AMOUNT_MAX:
            raise InvalidInput(FieldError(f"asks[{index}].expires_at_us", LATE))


def remembered(held: Holding | None) -> Remembered | None:
    """Return what the port tells of a key, None where it neither reserved nor spent."""
    if held is None or held.kind not in ("reserve", "spend", "part") or held.state == "done":
        return None
    return Remembered(held.state, held.asked_first, held.spent, held.expires_at_us, held.refused)


def check_count(count: int) -> None:
    """Raise InvalidInput unless at least one number is drawn."""
    if count < 1:
        raise InvalidInput(FieldError("count", Message("至少为 1", "at least 1")))


def check_within(amounts: Mapping[str, int], bound: Mapping[str, int]) -> None:
    """Raise InvalidInput where an amount is wrong or over what there is."""
    for counter, amount in amounts.items():
        check_amount(amount, "amounts")
        if amount > bound.get(counter, 0):
            raise InvalidInput(FieldError("amounts", OVER))


def check_amount(amount: int, path: str) -> None:
    """Raise InvalidInput unless 0 <= amount <= AMOUNT_MAX."""
    if not 0 <= amount <= AMOUNT_MAX:
        message = Message(f"须在 0 到 {AMOUNT_MAX} 之间", f"must be from 0 to {AMOUNT_MAX}")
        raise InvalidInput(FieldError(path, message))


def check_name(name: str, path: str) -> None:
    """Raise InvalidInput unless the name has 1 to NAME_LENGTH_MAX characters."""
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        message = Message(
            f"须有 1 到 {NAME_LENGTH_MAX} 个字符", f"1 to {NAME_LENGTH_MAX} characters"
        )
        raise InvalidInput(FieldError(path, message))
