"""What a replay took and refused, and whether the reports say the same as the files."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from queqiao.demo.client import StoreClient
from queqiao.demo.journey_files import CURRENCY, ZONE, sales_total_minor
from queqiao.kernel.money import format_minor

PATIENCE_S = 300
"""How long the warehouse may take to load what was acknowledged."""


class Counted(msgspec.Struct):
    """Rows of one kind."""

    taken: int = 0
    refused: int = 0
    reasons: dict[str, int] = {}

    def take(self, rows: int = 1) -> None:
        """Count rows that were taken."""
        self.taken += rows

    def refuse(self, reason: str, rows: int = 1) -> None:
        """Count rows that were refused, by reason."""
        self.refused += rows
        self.reasons[reason] = self.reasons.get(reason, 0) + rows

    def note(self, status: int, rows: int) -> None:
        """Count rows by the status of the answer."""
        if status < 400:
            self.take(rows)
        else:
            self.refuse(f"answered {status}", rows)


class Reconciliation(msgspec.Struct):
    """The whole account. ``gross_minor`` is what the report API says, None if it did not."""

    counted: dict[str, Counted] = {}
    sales_minor: int = 0
    gross_minor: int | None = None

    @property
    def equal(self) -> bool:
        """Whether the sales total of the file is the gross of the reports."""
        return self.gross_minor == self.sales_minor

    def of(self, name: str) -> Counted:
        """Return the count of one kind, made when new."""
        return self.counted.setdefault(name, Counted())

    def lines(self) -> list[str]:
        """Return the account as lines of text."""
        told = []
        for name, counted in self.counted.items():
            total = counted.taken + counted.refused
            reasons = "; ".join(f"{n:,} {reason}" for reason, n in sorted(counted.reasons.items()))
            told.append(
                f"{name}: {total:,} in, {counted.taken:,} taken, {counted.refused:,} refused"
                + (f" ({reasons})" if reasons else "")
            )
        gross = "unknown" if self.gross_minor is None else format_minor(self.gross_minor, CURRENCY)
        sales = format_minor(self.sales_minor, CURRENCY)
        verdict = "equal" if self.equal else "NOT EQUAL"
        return [*told, f"sales in the file {sales} {CURRENCY}, gross in reports {gross}: {verdict}"]


async def reconcile_sales(
    client: StoreClient,
    folder: Path,
    report: Reconciliation,
    progress: Callable[[str], None],
    patience_s: float = PATIENCE_S,
) -> None:
    """Compare the file's sales with the report API's gross, waiting until all is loaded."""
    report.sales_minor = sales_total_minor(folder)
    waited_s = 0.0
    while waited_s < patience_s:
        report.gross_minor = await _gross_minor(client)
        if report.equal:
            break
        await asyncio.sleep(1)
        waited_s += 1
    for line in report.lines():
        progress(f"journey: {line}")


async def _gross_minor(client: StoreClient) -> int | None:
    asked: dict[str, Any] = {
        "metrics": ["gross"],
        "dimensions": [],
        "filters": [{"dimension": "currency", "op": "eq", "value": CURRENCY}],
        "from": "2017-01-01T00:00:00-05:00",
        "to": "2018-01-02T00:00:00-05:00",
        "timezone": ZONE,
    }
    answer = await client.post("/api/v1/reports/query", asked)
    if not answer.good or not answer.body["rows"]:
        return None
    names = [column["name"] for column in answer.body["columns"]]
    return int(answer.body["rows"][0][names.index("gross")] or 0)
