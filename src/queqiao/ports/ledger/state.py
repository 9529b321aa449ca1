"""The ledger in memory: plans each step from what is there, applies it, and can take it back.

Pure: no disk, no clock. ``plan_*`` change nothing; ``apply`` is the only door to the books.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from queqiao.ports.ledger.base import (
    IDLE_KEYS_KEPT_US,
    SPENT_KEYS_KEPT_US,
    Ask,
    Leased,
    Outcome,
    Refused,
    Take,
)
from queqiao.ports.ledger.books import Book, Books, Transfer, to_limit
from queqiao.ports.ledger.rows import Row, holding, lease, outcome, plan
from queqiao.ports.ledger.rows import apply as apply_row
from queqiao.ports.ledger.rows import undo as undo_row
from queqiao.ports.ledger.steps import (
    COMMITTED,
    LATE,
    NOTHING_SPENT,
    Holding,
    Kind,
    Step,
    after,
    check_amount,
    check_name,
    check_within,
    open_reservation,
    parted,
    refunded,
    sum_takes,
)


class Applied(NamedTuple):
    """A step that was done in memory, and what was there before it."""

    step: Step
    holding: Holding | None
    origin: Holding | None
    wanted: dict[str, int | None]


class AppliedGroup(NamedTuple):
    """A group of reservations that was done in memory.

    ``before`` holds the wanted limits before a row that changed some, by the row's place.
    """

    rows: list[Row]
    before: dict[int, dict[str, int]]


class LedgerState:
    """Books and remembered keys."""

    def __init__(self) -> None:
        self.books = Books()
        self.holdings: dict[str, Holding] = {}
        self.latest_us = 0
        self.oldest_us = 0
        """No key that could be forgotten is older."""
        self._due: list[tuple[int, list[str]]] = []
        """When open reservations end; those of a group that end at one moment share an entry."""

    # Planning: from a question to a step.

    def plan_limit(self, counter: str, limit: int, key: str, now_us: int) -> Step:
        """Return the step that opens or re-limits a counter."""
        check_name(counter, "counter")
        check_amount(limit, "limit")
        transfers = to_limit(counter, self.books.balance(counter), limit)
        balance = self.books.preview(counter, transfers)
        limits = {counter: limit}
        return Step("limit", key, now_us, limits, transfers, limits=limits, balance=balance)

    def plan_reserve(
        self, key: str, takes: Sequence[Take], expires_at_us: int, now_us: int
    ) -> Step:
        """Return the step that leases the takes, or that notes their refusal."""
        if expires_at_us <= now_us:
            raise InvalidInput(FieldError("expires_at_us", LATE))
        return self._plan_take("reserve", key, takes, now_us, expires_at_us)

    def plan_spend(self, key: str, takes: Sequence[Take], now_us: int) -> Step:
        """Return the step that spends the takes, or that notes their refusal."""
        return self._plan_take("spend", key, takes, now_us)

    def _plan_take(
        self, kind: Kind, key: str, takes: Sequence[Take], now_us: int, expires_at_us: int = 0
    ) -> Step:
        amounts, limits = sum_takes(takes)
        changed = {name: n for name, n in limits.items() if self._is_new_limit(name, n)}
        transfers = [
            transfer
            for name, limit in changed.items()
            for transfer in to_limit(name, self.books.balance(name), limit)
        ]
        refused = self._first_short(amounts, transfers)
        if refused is None:
            target = Book.LEASED if kind == "reserve" else Book.SPENT
            transfers += [(name, Book.FREE, target, n) for name, n in amounts.items() if n]
        return Step(
            kind,
            key,
            now_us,
            amounts,
            transfers,
            limits=changed,
            expires_at_us=expires_at_us,
            refused=refused,
        )

    def plan_draw(self, counter: str, count: int, passed: int, key: str, now_us: int) -> Step:
        """Return the step that draws numbers: the counter's limit grows with what is spent."""
        check_name(counter, "counter")
        check_amount(count, "count")
        check_amount(passed, "passed")
        before = self.books.balance(counter)
        drawn = count + max(0, passed - before.spent)
        check_amount(before.spent + drawn, "passed")
        transfers = to_limit(counter, before, before.limit + drawn)
        transfers.append((counter, int(Book.FREE), int(Book.SPENT), drawn))
        balance = self.books.preview(counter, transfers)
        amounts, limits = {counter: count}, {counter: balance.limit}
        return Step("draw", key, now_us, amounts, transfers, limits=limits, balance=balance)

    def _is_new_limit(self, counter: str, limit: int) -> bool:
        return not self.books.is_open(counter) or self.books.wanted(counter) != limit

    def _first_short(
        self, amounts: Mapping[str, int], transfers: Sequence[Transfer]
    ) -> Refused | None:
        for counter, amount in amounts.items():
            free = self.books.free(counter)
            if transfers:
                free = self.books.preview(counter, transfers).free
            if amount > free:
                return Refused(counter, free)
        return None

    def plan_commit(self, key: str, now_us: int, amounts: Mapping[str, int] | None) -> Step:
        """Return the step that spends a reservation. Raises NotFound, Gone, InvalidInput."""
        held = open_reservation(self.holdings.get(key), now_us)
        if amounts is not None:
            check_within(amounts, held.asked)
        spent = held.asked if amounts is None else {c: amounts.get(c, 0) for c in held.asked}
        transfers = [(c, int(Book.LEASED), int(Book.SPENT), n) for c, n in spent.items() if n]
        for counter, asked in held.asked.items():
            transfers += self._give_back(counter, Book.LEASED, asked - spent[counter])
        return Step("commit", key, now_us, spent, transfers)

    def plan_part(
        self,
        key: str,
        of_key: str,
        spent: Mapping[str, int],
        freed: Mapping[str, int],
        now_us: int,
    ) -> Step:
        """Return the step that takes a part out of a reservation.

        Raises NotFound, Gone, Conflict, InvalidInput.
        """
        held = self.holdings.get(of_key)
        if held is not None and held.kind == "reserve" and held.state == "spent":
            raise Conflict(COMMITTED)
        held = open_reservation(held, now_us)
        check_within(spent, held.asked)
        check_within(freed, {c: n - spent.get(c, 0) for c, n in held.asked.items()})
        transfers = [(c, int(Book.LEASED), int(Book.SPENT), n) for c, n in spent.items() if n]
        for counter, amount in freed.items():
            transfers += self._give_back(counter, Book.LEASED, amount)
        return Step("part", key, now_us, dict(spent), transfers, of_key=of_key, freed=dict(freed))

    def plan_free(self, kind: Kind, key: str, now_us: int) -> Step:
        """Return the step that frees an open reservation: ``kind`` is release or expire."""
        held = self.holdings[key]
        transfers = [
            transfer
            for counter, amount in held.asked.items()
            for transfer in self._give_back(counter, Book.LEASED, amount)
        ]
        return Step(kind, key, now_us, {}, transfers)

    def plan_refund(self, key: str, of_key: str, amounts: Mapping[str, int], now_us: int) -> Step:
        """Return the step that gives spent amounts back. Raises NotFound, InvalidInput."""
        held = self.holdings.get(of_key)
        if held is None or held.state != "spent":
            raise NotFound(NOTHING_SPENT)
        left = {c: n - held.refunded.get(c, 0) for c, n in held.spent.items()}
        check_within(amounts, left)
        transfers = [
            transfer
            for counter, amount in amounts.items()
            for transfer in self._give_back(counter, Book.SPENT, amount)
        ]
        return Step("refund", key, now_us, dict(amounts), transfers, of_key=of_key)

    def _give_back(self, counter: str, giver: Book, amount: int) -> list[Transfer]:
        """Free an amount; what is over a lowered limit goes on to the budget."""
        if not amount:
            return []
        surplus = max(0, self.books.balance(counter).limit - self.books.wanted(counter))
        surplus = min(surplus, amount)
        freed: list[Transfer] = [(counter, giver, Book.FREE, amount)]
        return freed + ([(counter, Book.FREE, Book.BUDGET, surplus)] if surplus else [])

    def due(self, now_us: int) -> Iterator[Step]:
        """Yield the steps that free what has expired; each is to be applied before the next."""
        while self._due and self._due[0][0] <= now_us:
            for key in heappop(self._due)[1]:
                held = self.holdings.get(key)
                if held is not None and held.state == "open":
                    yield self.plan_free("expire", key, now_us)

    # Doing and undoing.

    def apply(self, step: Step) -> Applied:
        """Do a step; return what is needed to take it back."""
        wanted = {name: self._wanted_or_none(name) for name in step.limits}
        for name, limit in step.limits.items():
            self.books.relimit(name, limit)
        self.books.apply(step.transfers)
        before = self.holdings.get(step.key)
        self.latest_us = max(self.latest_us, step.at_us)
        self._hold(step.key, after(step, before, self.latest_us))
        origin = self.holdings.get(step.of_key) if step.of_key else None
        if origin is not None:
            is_part = step.kind == "part"
            self.holdings[step.of_key] = (
                parted(step, origin) if is_part else refunded(step, origin, self.latest_us)
            )
        return Applied(step, before, origin, wanted)

    def undo(self, applied: Applied) -> None:
        """Take back the latest step that was not taken back yet."""
        step = applied.step
        self.books.undo(step.transfers)
        for name, limit in applied.wanted.items():
            if limit is None:
                self.books.forget(name)
            else:
                self.books.relimit(name, limit)
        if applied.origin is not None:
            self.holdings[step.of_key] = applied.origin
        if applied.holding is None:
            self.holdings.pop(step.key, None)
        else:
            self._hold(step.key, applied.holding)

    def lease_many(
        self, asks: Sequence[Ask], now_us: int
    ) -> tuple[list[Outcome], AppliedGroup, int]:
        """Do each ask whose key is new, remember its answer; return all answers.

        The number says how many asks met a key that was known.
        """
        outcomes: list[Outcome] = []
        rows: list[Row] = []
        changed: dict[int, dict[str, int]] = {}
        holdings, books = self.holdings, self.books
        at_us = self.latest_us = max(self.latest_us, now_us)
        ends_us, ending, leased = 0, [""], Leased(0)
        for ask in asks:
            key = ask.key
            held = holdings.get(key)
            if held is not None:
                outcomes.append(outcome(held, ask))
                continue
            row = lease(books, ask, now_us)
            if row is None:
                row = plan(books, ask, now_us)
                before = apply_row(books, row)
                if before is not None:
                    changed[len(rows)] = before
            rows.append(row)
            holdings[key] = holding(row, at_us)
            if row.refused is not None:
                outcomes.append(row.refused)
                continue
            if ask.expires_at_us == ends_us:
                ending.append(key)
            else:
                ends_us, ending = ask.expires_at_us, [key]
                leased = Leased(ends_us)
                heappush(self._due, (ends_us, ending))
            outcomes.append(leased)
        return outcomes, AppliedGroup(rows, changed), len(asks) - len(rows)

    def apply_row(self, row: Row) -> None:
        """Do a row of the journal, at the latest time."""
        apply_row(self.books, row)
        self._hold(row.key, holding(row, self.latest_us))

    def undo_group(self, applied: AppliedGroup) -> None:
        """Take back the latest group that was not taken back yet."""
        for place in range(len(applied.rows) - 1, -1, -1):
            row = applied.rows[place]
            undo_row(self.books, row, applied.before.get(place))
            self.holdings.pop(row.key, None)

    def open(self, key: str, holding: Holding) -> None:
        """Take over what a snapshot remembers of a key."""
        self._hold(key, holding)
        self.latest_us = max(self.latest_us, holding.at_us)

    def _hold(self, key: str, holding: Holding) -> None:
        self.holdings[key] = holding
        if holding.state == "open":
            heappush(self._due, (holding.expires_at_us, [key]))

    def _wanted_or_none(self, counter: str) -> int | None:
        return self.books.wanted(counter) if self.books.is_open(counter) else None

    def is_open(self, key: str) -> bool:
        """Say whether the key holds a reservation now. Raises Conflict when it was committed."""
        held = self.holdings.get(key)
        if held is not None and held.state == "spent":
            raise Conflict(COMMITTED)
        return held is not None and held.state == "open"

    def forget_old(self, keys: Iterable[str]) -> None:
        """Drop those of the keys whose time of remembrance is over."""
        for key in keys:
            held = self.holdings.get(key)
            if held is not None and _is_old(held, self.latest_us):
                del self.holdings[key]
            elif held is not None:
                self.oldest_us = min(self.oldest_us, held.at_us)


def _is_old(held: Holding, latest_us: int) -> bool:
    if held.state == "open":
        return False
    kept_us = SPENT_KEYS_KEPT_US if held.state in ("spent", "done") else IDLE_KEYS_KEPT_US
    return latest_us - held.at_us > kept_us
