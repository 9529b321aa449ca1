"""A plain model of the ledger, against which real ones are held: dicts and sums, no journal."""

from random import Random

from queqiao.kernel.errors import Gone, NotFound
from queqiao.ports.laws import equal, fails
from queqiao.ports.ledger.base import (
    AMOUNT_MAX,
    EARLY,
    Ask,
    Balance,
    Granted,
    Leased,
    Ledger,
    Outcome,
    Refused,
    Take,
)

Amounts = dict[str, int]


class Model:
    """Makes steps by chance, knows what each must answer, and says them to a ledger."""

    def __init__(self, place: str, chance: Random) -> None:
        self.counters = [place + name for name in "abc"]
        self._place = place
        self._chance = chance
        self._now_us = 1
        self._serial = 0
        self._wanted: Amounts = {}
        self._leases: dict[str, tuple[Amounts, int]] = {}
        self._spent: dict[str, Amounts] = {}

    def balance(self, counter: str) -> Balance:
        """Return what a counter must show once everything due has been freed."""
        leased, spent = self._used(counter)
        free = self._free(counter)
        return Balance(leased + spent + free, leased, spent, free)

    async def step(self, ledger: Ledger) -> None:
        """Do one step. Raises LawBroken when its answer is not the model's."""
        await self._pass_time(ledger)
        kinds = [self._limit, self._reserve, self._reserve_many, self._spend]
        kinds += [self._commit, self._release, self._part] if self._leases else []
        kinds += [self._refund] if self._spent else []
        await self._chance.choice(kinds)(ledger)

    async def _pass_time(self, ledger: Ledger) -> None:
        self._now_us += self._chance.choice((0, 0, 1, 15))
        due = [key for key, (_, end_us) in self._leases.items() if end_us <= self._now_us]
        for key in due:
            del self._leases[key]
        equal(await ledger.expire(self._now_us), len(due), "how many have expired")
        for key in due[:1]:
            await fails(Gone, ledger.commit(key, self._now_us), "a commit of what has expired")

    async def _limit(self, ledger: Ledger) -> None:
        counter, limit = self._chance.choice(self.counters), self._chance.randint(0, 60)
        self._wanted[counter] = limit
        found = await ledger.set_limit(counter, limit, self._key(), self._now_us)
        equal(found, self.balance(counter), "the balance after a limit")

    async def _reserve(self, ledger: Ledger) -> None:
        key, end_us = self._key(), self._now_us + self._chance.randint(1, 50)
        takes, amounts, refused = self._takes()
        answer = await ledger.reserve(key, takes, end_us, self._now_us)
        equal(answer, refused or Granted(key, amounts), "a reservation")
        if refused is None:
            self._leases[key] = (amounts, end_us)

    async def _reserve_many(self, ledger: Ledger) -> None:
        asks, wanted = [], list[Outcome]()
        for _ in range(self._chance.randint(1, 5)):
            ask, outcome = self._ask()
            asks.append(ask)
            wanted.append(outcome)
        for _ in range(2):
            equal(await ledger.reserve_many(asks, self._now_us), wanted, "many reservations")

    def _ask(self) -> tuple[Ask, Outcome]:
        """Return an ask, done in the model, and its answer. Its counters have been opened before.

        A limit holds on from here though the ask be refused, but not out of the window.
        """
        known = [name for name in self.counters if name in self._wanted]
        names = self._chance.sample(known, self._chance.randint(0, len(known)))
        amounts = {name: self._chance.randint(0, 20) for name in names}
        limits = {
            name: self._chance.randint(0, 60) for name in names if self._chance.random() < 0.3
        }
        opens_us, closes_us = self._now_us + self._chance.choice((0, 0, 0, 1)), AMOUNT_MAX
        end_us = self._now_us + self._chance.randint(1, 50)
        ask = Ask(self._key(), amounts, limits, end_us, opens_us, closes_us)
        if opens_us > self._now_us:
            return ask, Refused(EARLY, 0)
        self._wanted |= limits
        short = next((name for name, amount in amounts.items() if amount > self._free(name)), None)
        if short is not None:
            return ask, Refused(short, self._free(short))
        self._leases[ask.key] = (amounts, end_us)
        return ask, Leased(end_us)

    async def _spend(self, ledger: Ledger) -> None:
        key = self._key()
        takes, amounts, refused = self._takes()
        for _ in range(2):
            answer = await ledger.spend(key, takes, self._now_us)
            equal(answer, refused or Granted(key, amounts), "a spending")
        if refused is None:
            self._spent[key] = amounts

    async def _commit(self, ledger: Ledger) -> None:
        key = self._chance.choice(sorted(self._leases))
        held, _ = self._leases.pop(key)
        part = {name: self._chance.randint(0, amount) for name, amount in held.items()}
        amounts = self._chance.choice((None, part))
        self._spent[key] = held if amounts is None else part
        answer = await ledger.commit(key, self._now_us, amounts)
        equal(answer, Granted(key, self._spent[key]), "a commit")

    async def _part(self, ledger: Ledger) -> None:
        of_key, key = self._chance.choice(sorted(self._leases)), self._key()
        held, end_us = self._leases[of_key]
        spent = {name: self._chance.randint(0, amount) for name, amount in held.items()}
        freed = {name: self._chance.randint(0, held[name] - n) for name, n in spent.items()}
        for _ in range(2):
            answer = await ledger.part(key, of_key, spent, self._now_us, freed)
            equal(answer, Granted(key, spent), "a part")
        left = {name: amount - spent[name] - freed[name] for name, amount in held.items()}
        self._leases[of_key] = (left, end_us)
        if any(spent.values()):
            self._spent[key] = spent
        else:
            refund = ledger.refund(self._key(), key, spent, self._now_us)
            await fails(NotFound, refund, "a refund of a part that spent nothing")

    async def _release(self, ledger: Ledger) -> None:
        key = self._chance.choice(sorted(self._leases))
        del self._leases[key]
        await ledger.release(key, self._now_us)

    async def _refund(self, ledger: Ledger) -> None:
        of_key, key = self._chance.choice(sorted(self._spent)), self._key()
        spent = self._spent[of_key]
        part = {name: self._chance.randint(0, amount) for name, amount in spent.items()}
        self._spent[of_key] = {name: amount - part[name] for name, amount in spent.items()}
        answer = await ledger.refund(key, of_key, part, self._now_us)
        equal(answer, Granted(key, part), "a refund")

    def _takes(self) -> tuple[list[Take], Amounts, Refused | None]:
        limit = self._chance.choice((None, None, self._chance.randint(0, 60)))
        takes, amounts = [], dict[str, int]()
        for _ in range(self._chance.randint(0, 3)):
            take = Take(self._chance.choice(self.counters), self._chance.randint(0, 20), limit)
            takes.append(take)
            amounts[take.counter] = amounts.get(take.counter, 0) + take.amount
            if limit is not None:
                self._wanted[take.counter] = limit
        short = next((name for name, amount in amounts.items() if amount > self._free(name)), None)
        return takes, amounts, None if short is None else Refused(short, self._free(short))

    def _used(self, counter: str) -> tuple[int, int]:
        leased = sum(amounts.get(counter, 0) for amounts, _ in self._leases.values())
        return leased, sum(amounts.get(counter, 0) for amounts in self._spent.values())

    def _free(self, counter: str) -> int:
        return max(0, self._wanted.get(counter, 0) - sum(self._used(counter)))

    def _key(self) -> str:
        self._serial += 1
        return f"{self._place}{self._serial}"
