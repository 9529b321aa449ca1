"""The best combination against OR-Tools CP-SAT, on the same random carts in one run.

Six to twelve promotions (bundles, percentages, cheapest free, 满减, coupons) on 20 units; CPU time
on one core, of ours with matching, pricing and proof, of the solver with its model. Then carts of
20 promotions on 60 units within the usual effort: how many are proven, how far the bound is.
"""

from collections.abc import Sequence
from time import process_time
from typing import Any

from bench.combination_carts import Size, cart
from bench.combination_solver import solve
from bench.harness import row
from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.quoting import Answered, Counter, Shop
from queqiao.decide.promotions.snapshot import compile_snapshot

Row = dict[str, Any]

CARTS, LARGE_CARTS = 300, 60
LARGE = Size(units=60, lines=(12, 24), promotions=(20, 20))
SHOP = Shop(compile_snapshot([], [], b"bench-key-of-16b"), PriceBook())
NOW_US = 1_780_000_000_000_000
SOLVER_SECONDS_MAX = 20.0


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    ours_ms, theirs_ms, equal, decided, proven = [], [], 0, 0, 0
    for seed in range(CARTS):
        answered, took = _settled(seed, Size())
        ours_ms.append(took)
        proven += answered.proof.optimal
        began = process_time()
        solved = solve(cart(seed), seconds_max=SOLVER_SECONDS_MAX)
        theirs_ms.append((process_time() - began) * 1000)
        decided += solved.is_optimal
        equal += solved.is_optimal and solved.discount == answered.priced.discount
    whole, told = _percent(proven, CARTS), _percent(equal, decided)
    of_solver = f"equal to CP-SAT, of {decided} that it has proven in {SOLVER_SECONDS_MAX:.0f} s"
    return [
        _ms("p50", ours_ms, theirs_ms, 0.50, None),
        _ms("p99", ours_ms, theirs_ms, 0.99, 10),
        row("best", f"proven optimal, of {CARTS}", "%", "higher", whole, goal=100),
        row("best", of_solver, "%", "higher", told, goal=100),
        *_large(),
    ]


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


def _ms(
    name: str, ours: Sequence[float], theirs: Sequence[float], share: float, goal: float | None
) -> Row:
    figure = f"best combination, 6-12 promotions, 20 units, {name}"
    values = [round(sorted(times)[int(len(times) * share)], 2) for times in (ours, theirs)]
    return row(
        "best", figure, "ms", "lower", values[0], goal=goal, peer=values[1], peer_name="CP-SAT"
    )


def _large() -> list[Row]:
    found = [_settled(seed, LARGE) for seed in range(LARGE_CARTS)]
    times = sorted(took for _, took in found)
    proven = sum(answered.proof.optimal for answered, _ in found)
    gaps = [
        (answered.proof.upper_bound - answered.priced.discount) / answered.proof.upper_bound
        for answered, _ in found
    ]
    name = "20 promotions, 60 units"
    return [
        row("best", f"{name}: p50", "ms", "lower", round(times[len(times) // 2], 1)),
        row("best", f"{name}: proven optimal", "%", "higher", _percent(proven, len(found))),
        row("best", f"{name}: mean gap to the bound", "%", "lower",
            round(100 * sum(gaps) / len(gaps), 3)),
    ]  # fmt: skip


def _settled(seed: int, size: Size) -> tuple[Answered, float]:
    """Return the answer of a warm process, and the CPU milliseconds that it took."""
    question = cart(seed, size)
    counter = Counter(question, SHOP, NOW_US)
    counter.answer(question.cart.lines)
    began = process_time()
    answered = counter.answer(question.cart.lines)
    return answered, (process_time() - began) * 1000
