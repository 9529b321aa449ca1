"""`make bench [ONLY=name]`: run the benchmarks, print one table, keep the rows as JSON."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

import bench

OUT = Path(__file__).parent / "out" / "latest.json"
HELPERS = {
    "by_hand",
    "callers",
    "combination_carts",
    "combination_solver",
    "decision_http",
    "demo_carts",
    "harness",
    "load",
    "plain_asgi",
    "processes",
    "sizing_page",
    "user_agent_lists",
    "warehouse",
    "__main__",
}


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return [m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in HELPERS]


def main() -> None:
    """Run the named benchmarks, or all."""
    wanted = sys.argv[1:] or names()
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are: {', '.join(names())}")
    rows = []
    for name in wanted:
        print(f"running {name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").run()
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    Console().print(table(rows))


def table(rows: list[dict[str, object]]) -> Table:
    """Return the rows as a table to look at."""
    drawn = Table("name", "figure", "goal", "ours", "peer", "peer's name", "ours / peer")
    for row in rows:
        ours, peer = row["ours"], row["peer"]
        both = isinstance(ours, int | float) and isinstance(peer, int | float) and peer
        ratio = f"{ours / peer:.2f}" if both else "–"  # type: ignore[operator]  # both are numbers
        goal = (
            f"{'≤' if row['better'] == 'lower' else '≥'} {row['goal']}"
            if row["goal"] is not None
            else "–"
        )
        drawn.add_row(
            str(row["name"]),
            f"{row['figure']} [{row['unit']}]".replace("[", r"\["),
            goal,
            _number(ours),
            _number(peer),
            str(row["peer_name"] or "–"),
            ratio,
        )
    return drawn


def _number(value: object) -> str:
    return f"{value:,.3g}" if isinstance(value, float) else str(value if value is not None else "–")


if __name__ == "__main__":
    main()
