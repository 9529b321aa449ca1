"""The laws of the ledger, each as one check on counters and keys of its own.

They are the contract of ``base.py`` told by examples, and a few thousand steps beside a plain
model. A ledger that is given to them needs no other counters, but may have some.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from queqiao.kernel.errors import Conflict, Gone, InvalidInput, Message, NotFound
from queqiao.ports.laws import Law, equal, fails, hold
from queqiao.ports.ledger.base import (
    AMOUNT_MAX,
    EARLY,
    LATE,
    NOTHING,
    Ask,
    Balance,
    Clashed,
    Granted,
    Leased,
    Ledger,
    Refused,
    Remembered,
    Take,
)
from queqiao.ports.ledger.model import Model

Check = Callable[[Ledger, str], Awaitable[None]]

ATTEMPTS, AT_ONCE = 3_000, 100
"""Of the law of many at once; the suite tries a hundred thousand from several processes."""
MODEL_STEPS = 1_500


def laws(ledger: Ledger, place: str) -> list[Law]:
    """Return the laws bound to a ledger; ``place`` begins every counter and key that they use."""
    return [
        Law(Message(zh, en), _bound(check, ledger, f"{place}:{check.__name__}:"))
        for zh, en, check in (
            ("多个计数器：要么全取，要么不取", "all or nothing over counters", all_or_nothing),
            ("同键同答；同键异文为冲突", "same key, same answer", same_key),
            ("出错的调用什么也不改", "errors change nothing", errors_change_nothing),
            ("调低限额：先收空闲，后收归还", "a lowered limit takes what is free", lowered),
            ("到期即释放，提交得 Gone", "what has expired is free again", expired),
            ("一次多笔：逐笔独立，时间窗与限额同一步", "many at once, each its own", many_at_once),
            ("重说多笔得首答，拒绝亦然", "many said again get first answers", many_again),
            ("依次取号，永不重号", "numbers are drawn in order", numbers_drawn),
            ("部分提交与退款，不超过所花", "partial commit and refund", refunds),
            ("部分取用：合计不超过预留，余额照旧到期", "parts of a reservation", parts),
            ("按前缀查找，按名排序", "found by prefix, in order of name", found_by_prefix),
            ("金额精确到 2^53 − 1", "amounts are exact to 2^53 - 1", exact),
            (f"{ATTEMPTS} 次并发不超限额", f"{ATTEMPTS} attempts at once keep the limits", at_once),
            (
                f"{MODEL_STEPS} 步与模型一致",
                f"{MODEL_STEPS} steps equal the model",
                as_modelled,
            ),
            ("账目可证", "the books are proven", proven),
        )
    ]


def _bound(check: Check, ledger: Ledger, place: str) -> Callable[[], Awaitable[None]]:
    return lambda: check(ledger, place)


async def all_or_nothing(ledger: Ledger, at: str) -> None:
    """Take from two counters of which the second is short."""
    a, b = at + "a", at + "b"
    await ledger.set_limit(a, 10, at + "limit", 1)
    answer = await ledger.spend(at + "k", [Take(a, 5), Take(b, 2, 1)], 1)
    equal(answer, Refused(b, 1), "a step whose second counter is short")
    wanted = {a: Balance(10, 0, 0, 10), b: Balance(1, 0, 0, 1)}
    equal(await ledger.balances([a, b]), wanted, "the balances after it")


async def same_key(ledger: Ledger, at: str) -> None:
    """Say steps again, and say something else under their keys."""
    a, key, key2, refund = at + "a", at + "k", at + "k2", at + "r"
    for name in (key, key2):
        for _ in range(2):
            answer = await ledger.spend(name, [Take(a, 1, 10)], 1)
            equal(answer, Granted(name, {a: 1}), "a spending")
    for _ in range(2):
        equal(await ledger.refund(refund, key, {a: 1}, 1), Granted(refund, {a: 1}), "a refund")
    equal(await ledger.spend(at + "no", [Take(a, 99)], 1), Refused(a, 9), "too much")
    await ledger.set_limit(a, 200, at + "limit", 1)
    equal(await ledger.spend(at + "no", [Take(a, 99)], 2), Refused(a, 9), "too much, again")
    for other in (
        ledger.spend(key, [Take(a, 2)], 2),
        ledger.reserve(key, [Take(a, 1)], 9, 2),
        ledger.set_limit(a, 1, key, 2),
        ledger.refund(refund, key2, {a: 1}, 2),
        ledger.release(key, 2),
    ):
        await fails(Conflict, other, "a key with other content")


async def errors_change_nothing(ledger: Ledger, at: str) -> None:
    """Make every mistake once."""
    a, b, key, other = at + "a", at + "b", at + "k", at + "z"
    await ledger.reserve(key, [Take(a, 5, 10)], 9, 1)
    await ledger.spend(at + "paid", [Take(b, 1, 1)], 1)
    for error, call, what in (
        (NotFound, ledger.commit(at + "nobody", 2), "a commit of nothing"),
        (NotFound, ledger.refund(other, key, {a: 1}, 2), "a refund of nothing"),
        (InvalidInput, ledger.refund(other, at + "paid", {b: 2}, 2), "a refund of more"),
        (InvalidInput, ledger.commit(key, 2, {a: 6}), "a commit of more"),
        (InvalidInput, ledger.commit(key, 2, {b: 1}), "a commit of another counter"),
        (InvalidInput, ledger.reserve(other, [Take(a, -1)], 9, 2), "a negative amount"),
        (InvalidInput, ledger.reserve(other, [Take(a, 1)], 2, 2), "an end that is now"),
        (InvalidInput, ledger.spend(other, [Take(a, 1 << 60)], 2), "a huge amount"),
        (InvalidInput, ledger.spend("", [Take(a, 1)], 2), "an empty key"),
        (InvalidInput, ledger.set_limit("x" * 501, 1, other, 2), "a long name"),
    ):
        await fails(error, call, what)
    wanted = {a: Balance(10, 5, 0, 5), b: Balance(1, 0, 1, 0)}
    equal(await ledger.balances([a, b]), wanted, "the balances after all mistakes")
    await ledger.release(at + "nobody", 2)


async def lowered(ledger: Ledger, at: str) -> None:
    """Lower a limit under what is used, and give back."""
    a, key = at + "a", at + "k"
    await ledger.reserve(key, [Take(a, 6, 10)], 9, 1)
    answer = await ledger.set_limit(a, 3, at + "limit", 2)
    equal(answer, Balance(6, 6, 0, 0), "a limit under what is leased")
    await ledger.commit(key, 3, {a: 2})
    equal((await ledger.balances([a]))[a], Balance(3, 0, 2, 1), "what is free after it")


async def expired(ledger: Ledger, at: str) -> None:
    """Let a reservation end, by a step of another key and by its own."""
    a, key = at + "a", at + "k"
    await ledger.reserve(key, [Take(a, 10, 10)], 50, 1)
    answer = await ledger.spend(at + "early", [Take(a, 1)], 49)
    equal(answer, Refused(a, 0), "a spending before the end")
    answer = await ledger.spend(at + "late", [Take(a, 1)], 50)
    equal(answer, Granted(at + "late", {a: 1}), "a spending at the end")
    await fails(Gone, ledger.commit(key, 10), "a commit after the end")
    again = await ledger.reserve(key, [Take(a, 10, 10)], 50, 1)
    equal(again, Granted(key, {a: 10}), "the reservation, said again")
    equal((await ledger.balances([a]))[a], Balance(10, 0, 1, 9), "the balance")


async def many_at_once(ledger: Ledger, at: str) -> None:
    """Ask for the last pieces, out of the window, over a limit of one customer's."""
    stock, one, two, three = at + "stock", at + "c1", at + "c2", at + "c3"

    def ask(key: str, customer: str, count: int, opens_us: int = 0, closes_us: int = 99) -> Ask:
        limits = {stock: 3, customer: 2}
        return Ask(at + key, {stock: count, customer: count}, limits, 50, opens_us, closes_us)

    asks = [
        ask("a", one, 2),
        ask("over", one, 1),
        ask("early", two, 1, opens_us=11),
        ask("late", two, 1, closes_us=10),
        ask("out", two, 2),
        ask("b", three, 1),
        ask("none", two, 1),
    ]
    told = await ledger.reserve_many(asks, 10)
    wanted = [
        Leased(50),
        Refused(one, 0),
        Refused(EARLY, 0),
        Refused(LATE, 0),
        Refused(stock, 1),
        Leased(50),
        Refused(stock, 0),
    ]
    equal(told, wanted, "the answers")
    found = await ledger.balances([stock, one, two, three])
    taken = {stock: Balance(3, 3, 0, 0), one: Balance(2, 2, 0, 0), three: Balance(2, 1, 0, 1)}
    equal(found, {**taken, two: NOTHING}, "the balances; who was refused opened nothing")
    equal(await ledger.commit(at + "b", 11), Granted(at + "b", {stock: 1, three: 1}), "a commit")
    raised = [Ask(at + "more", {stock: 3}, {stock: 5}, 50)]
    equal(await ledger.reserve_many(raised, 12), [Refused(stock, 2)], "a limit that is raised")
    equal((await ledger.balances([stock]))[stock], Balance(5, 2, 1, 2), "it stays so")
    await ledger.expire(50)
    equal((await ledger.balances([stock]))[stock], Balance(5, 0, 1, 4), "what is free at the end")


async def many_again(ledger: Ledger, at: str) -> None:
    """Say groups again, when the window has closed, with others, in another order."""
    a, b = at + "a", at + "b"
    yes = Ask(at + "yes", {a: 1}, {a: 1}, 90, 0, 20)
    no = Ask(at + "no", {a: 1}, {a: 1}, 90, 0, 20)
    other = Ask(at + "yes", {b: 1}, {b: 1}, 90)
    equal(await ledger.reserve_many([yes, no, yes], 1), [Leased(90), Refused(a, 0), Leased(90)], "")
    again = await ledger.reserve_many([no, other, yes], 30)
    equal(again, [Refused(a, 0), Clashed(), Leased(90)], "the answers, said again")
    equal(await ledger.reserve(at + "yes", [Take(a, 1)], 90, 30), Granted(at + "yes", {a: 1}), "")
    await ledger.spend(at + "spent", [Take(b, 2, 9)], 30)
    await ledger.commit(at + "yes", 30)
    keys = [at + "yes", at + "no", at + "spent", at + "nobody"]
    wanted = {
        keys[0]: Remembered("spent", {a: 1}, {a: 1}, 90),
        keys[1]: Remembered("refused", {a: 1}, {}, 90, Refused(a, 0)),
        keys[2]: Remembered("spent", {b: 2}, {b: 2}, 0),
    }
    equal(await ledger.recall(keys), wanted, "what is remembered")
    for wrong in (
        Ask("", {a: 1}, {}, 90),
        Ask(at + "w", {a: -1}, {}, 90),
        Ask(at + "w", {a: 1}, {a: AMOUNT_MAX + 1}, 90),
        Ask(at + "w", {a: 1}, {}, 30),
    ):
        fresh = Ask(at + "beside", {b: 1}, {}, 90)
        await fails(InvalidInput, ledger.reserve_many([fresh, wrong], 30), "a wrong ask")
    equal((await ledger.balances([b]))[b], Balance(9, 0, 2, 7), "nothing was done beside it")


async def numbers_drawn(ledger: Ledger, at: str) -> None:
    """Draw some, draw again under a key, pass over some, draw from many callers."""
    q = at + "q"
    equal(await ledger.draw(q, 3, 0, at + "1", 1), 3, "the first three")
    equal(await ledger.draw(q, 2, 0, at + "2", 1), 5, "the next two")
    equal(await ledger.draw(q, 3, 0, at + "1", 2), 3, "the first three, said again")
    equal(await ledger.draw(q, 1, 10, at + "3", 2), 11, "the first behind ten")
    equal(await ledger.draw(q, 1, 10, at + "4", 2), 12, "and the next")
    await fails(InvalidInput, ledger.draw(q, 0, 0, at + "5", 2), "no number")
    await fails(Conflict, ledger.draw(q, 2, 0, at + "1", 2), "a key with other content")
    last = await asyncio.gather(*(ledger.draw(q, 2, 0, f"{at}m{n}", 3) for n in range(50)))
    equal(sorted(last), list(range(14, 114, 2)), "the numbers of many callers")


async def refunds(ledger: Ledger, at: str) -> None:
    """Commit a part, give some of it back, and never more."""
    a, key = at + "a", at + "k"
    await ledger.reserve(key, [Take(a, 8, 10)], 9, 1)
    equal(await ledger.commit(key, 2, {a: 5}), Granted(key, {a: 5}), "a partial commit")
    equal(await ledger.commit(key, 2), Granted(key, {a: 5}), "the commit, said again")
    await ledger.refund(at + "r1", key, {a: 3}, 3)
    await fails(InvalidInput, ledger.refund(at + "r2", key, {a: 3}, 3), "more than is left")
    await ledger.refund(at + "r3", key, {a: 2}, 3)
    equal((await ledger.balances([a]))[a], Balance(10, 0, 0, 10), "the balance")


async def parts(ledger: Ledger, at: str) -> None:
    """Take parts out of reservations, again, too much, after their end; then end them all ways."""
    a, b, key = at + "a", at + "b", at + "k"
    await ledger.reserve(key, [Take(a, 8, 10), Take(b, 8, 8)], 50, 1)
    for _ in range(2):
        answer = await ledger.part(at + "p1", key, {a: 3, b: 3}, 2, {a: 1})
        equal(answer, Granted(at + "p1", {a: 3, b: 3}), "a part")
    found = await ledger.balances([a, b])
    equal(found, {a: Balance(10, 4, 3, 3), b: Balance(8, 5, 3, 0)}, "the balances after it")
    again = await ledger.reserve(key, [Take(a, 8, 10), Take(b, 8, 8)], 50, 3)
    equal(again, Granted(key, {a: 8, b: 8}), "the reservation, said again")
    ask = Ask(key, {a: 8, b: 8}, {}, 50)
    equal(await ledger.reserve_many([ask], 3), [Leased(50)], "the same as one of many")
    wanted = {
        key: Remembered("open", {a: 8, b: 8}, {}, 50),
        at + "p1": Remembered("spent", {a: 3, b: 3}, {a: 3, b: 3}, 0),
    }
    equal(await ledger.recall([key, at + "p1"]), wanted, "what is remembered")
    for error, call, what in (
        (Conflict, ledger.part(at + "p1", key, {a: 2}, 3), "other content"),
        (Conflict, ledger.part(at + "p1", key, {a: 3, b: 3}, 3), "another rest"),
        (InvalidInput, ledger.part(at + "p2", key, {a: 3}, 3, {a: 2}), "more than it holds"),
        (InvalidInput, ledger.part(at + "p2", key, {at + "c": 1}, 3), "another counter"),
        (NotFound, ledger.part(at + "p2", at + "nobody", {a: 1}, 3), "a part of nothing"),
        (NotFound, ledger.part(at + "p2", at + "p1", {a: 1}, 3), "a part of a part"),
    ):
        await fails(error, call, what)
    await ledger.refund(at + "r", at + "p1", {a: 2}, 4)
    await fails(InvalidInput, ledger.refund(at + "r2", at + "p1", {a: 2}, 4), "more than it spent")
    equal((await ledger.balances([a]))[a], Balance(10, 4, 1, 5), "the balance after a refund")
    equal(await ledger.commit(key, 5, {a: 4}), Granted(key, {a: 4, b: 0}), "a commit of the rest")
    await fails(Conflict, ledger.part(at + "p2", key, {a: 1}, 6), "a part of what is committed")
    equal((await ledger.balances([a]))[a], Balance(10, 0, 5, 5), "the balance after all")
    await _parted_to_the_end(ledger, at, b)


async def _parted_to_the_end(ledger: Ledger, at: str, b: str) -> None:
    """Let parted reservations be released and expire; a lowered limit takes what they free."""
    for key, end in ((at + "k2", ledger.release), (at + "k3", None)):
        await ledger.reserve(key, [Take(b, 4)], 50, 6)
        await ledger.set_limit(b, 5, key + "limit", 6)
        await ledger.part(key + "p", key, {b: 0}, 6, {b: 2})
        nothing = ledger.refund(key + "r", key + "p", {b: 0}, 6)
        await fails(NotFound, nothing, "a refund of a part that spent nothing")
        if end is None:
            await ledger.expire(50)
        else:
            await end(key, 7)
        await fails(Gone, ledger.part(key + "p2", key, {b: 1}, 50), "a part of what is freed")
        equal((await ledger.balances([b]))[b], Balance(5, 0, 3, 2), "the balance at the end")
        await ledger.set_limit(b, 8, key + "again", 50)


async def found_by_prefix(ledger: Ledger, at: str) -> None:
    """Look for names of any script."""
    for name in ("鹊:2", "鹊:1", "y:1", "鹊:3"):
        await ledger.set_limit(at + name, 1, at + "limit " + name, 1)
    found = list(await ledger.find(at + "鹊:", 2))
    equal(found, [at + "鹊:1", at + "鹊:2"], "the names")


async def exact(ledger: Ledger, at: str) -> None:
    """Count at the end of the range, where doubles end to be exact."""
    a, big = at + "a", AMOUNT_MAX
    await ledger.set_limit(a, big, at + "limit", 1)
    answer = await ledger.spend(at + "over", [Take(a, big), Take(a, 1)], 1)
    equal(answer, Refused(a, big), "one more than there is")
    await ledger.reserve(at + "k", [Take(a, big - 1)], 9, 1)
    equal((await ledger.balances([a]))[a], Balance(big, big - 1, 0, 1), "the balance")
    await ledger.commit(at + "k", 2, {a: big - 2})
    await ledger.refund(at + "r", at + "k", {a: big - 3}, 3)
    equal((await ledger.balances([a]))[a], Balance(big, 0, 1, big - 1), "the balance after it")


async def at_once(ledger: Ledger, at: str) -> None:
    """Many callers on three counters; each grants what it has and not one more."""
    limits = {at + "a": 500, at + "b": 700, at + "c": 900}
    for name, limit in limits.items():
        await ledger.set_limit(name, limit, at + "limit " + name, 1)
    taken = dict.fromkeys(limits, 0)

    async def caller(number: int) -> None:
        chance = Random(number)  # noqa: S311  # repeatable, not secret
        for turn in range(ATTEMPTS // AT_ONCE):
            takes = [Take(name, chance.randint(0, 3)) for name in limits]
            answer = await ledger.spend(f"{at}{number}:{turn}", takes, 1)
            if isinstance(answer, Granted):
                for name, amount in answer.amounts.items():
                    taken[name] += amount

    await asyncio.gather(*(caller(number) for number in range(AT_ONCE)))
    for name, balance in (await ledger.balances(list(limits))).items():
        equal(balance.spent, taken[name], f"what {name} spent")
        hold(balance.spent <= limits[name], f"{name} is over its limit: {balance}")
        equal(balance.free + balance.spent, limits[name], f"the sum of {name}")


async def as_modelled(ledger: Ledger, at: str) -> None:
    """Steps by chance, of a fixed seed, each answer as the model gives it."""
    model = Model(at, Random(20260618))  # noqa: S311  # repeatable, not secret
    for _ in range(MODEL_STEPS):
        await model.step(ledger)
    found = await ledger.balances(model.counters)
    for name in model.counters:
        equal(found[name], model.balance(name), f"the balance of {name}")


async def proven(ledger: Ledger, at: str) -> None:
    """Add up everything that the other laws did."""
    equal(await ledger.balances([at + "none"]), {at + "none": NOTHING}, "an unknown counter")
    proof = await ledger.prove()
    hold(proof.balanced, f"the proof found {proof.faults}")
    equal(proof.sum_over_books, 0, "the sum over the books")
