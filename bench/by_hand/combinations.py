"""Ten thousand best combinations against OR-Tools CP-SAT: ``python -m bench.by_hand.combinations``.

The solver's answers do not depend on ours, so they are kept (bench/out/combinations-20.jsonl, a
line a cart): interrupted, it goes on. Then ours are held against all that are there. In the
environment may be set ``CARTS`` (10000), ``UNITS`` (20 in a cart, with lines and promotions in
proportion) and ``SECONDS`` (60, what the solver may take for one cart).
"""

import json
import os
import sys
from collections import Counter as Multiset
from pathlib import Path
from typing import NamedTuple

from bench.best import answered, by_sequence
from bench.combination_carts import Size, cart
from bench.combination_solver import Solved, solve

CARTS = int(os.environ.get("CARTS", "10000"))
SECONDS = float(os.environ.get("SECONDS", "60"))
UNITS = int(os.environ.get("UNITS", "20"))
SIZE = Size(UNITS, (max(3, UNITS // 4), UNITS // 2), (UNITS * 3 // 10, UNITS * 6 // 10))
FILE = Path(__file__).parents[1] / "out" / f"combinations-{UNITS}.jsonl"


class Line(NamedTuple):
    """What the solver said of the cart of a seed."""

    seed: int
    discount: int
    is_optimal: bool


def known() -> dict[int, Solved]:
    """Return what is on record, by seed."""
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    told = [Line(*json.loads(line)) for line in lines]
    return {line.seed: Solved(line.discount, line.is_optimal) for line in told}


def solve_the_rest() -> None:
    """Let the solver answer what is not on record."""
    done = known()
    FILE.parent.mkdir(exist_ok=True)
    with FILE.open("a") as file:
        for seed in range(CARTS):
            if seed not in done:
                solved = solve(cart(seed, SIZE), seconds_max=SECONDS)
                file.write(json.dumps(Line(seed, *solved)) + "\n")
                file.flush()


def verdict(seed: int, solved: Solved) -> str:
    """Return how our answer stands to the solver's."""
    question = cart(seed, SIZE)
    ours = answered(question)
    discount, proof = ours.priced.discount, ours.proof
    if solved.discount > proof.upper_bound:
        return "wrong bound"
    if not solved.is_optimal:
        return "not decided by the solver"
    if discount > solved.discount:
        is_sequence = discount == by_sequence(question)
        return "more, that of a sequence" if is_sequence else "wrong discount"
    if discount == solved.discount:
        return "equal, proven" if proof.optimal else "equal, not proven"
    return "wrong proof" if proof.optimal else "less, said to be unproven"


def main() -> None:
    """Solve what is left, compare all, print how many of each verdict."""
    solve_the_rest()
    told = {seed: verdict(seed, solved) for seed, solved in known().items()}
    for name, count in Multiset(told.values()).most_common():
        print(f"{count:6} {name}")
    wrong = [seed for seed, name in told.items() if name.startswith("wrong")]
    if wrong:
        sys.exit(f"wrong: {wrong[:20]}")


if __name__ == "__main__":
    main()
