"""The first weeks of the Complete Journey as a folder of its own, that lives like the whole."""

import csv
import gzip
from collections.abc import Callable, Iterable
from pathlib import Path

from queqiao.demo.journey_files import FILES, day_us, rows_of, week_start_us

Row = dict[str, str]


def cut(whole: Path, weeks: int, to: Path) -> Path:
    """Write the files of the first weeks, and the products that they name; return the folder."""
    to.mkdir()
    until = week_start_us(weeks + 1)

    def early(row: Row) -> bool:
        return int(row["week"]) <= weeks

    kept: dict[str, Callable[[Row], bool]] = {
        "transactions_sample": early,
        "promotions_sample": early,
        "coupon_redemptions": lambda row: day_us(row["redemption_date"]) < until,
    }
    for name in FILES:
        if name != "products":
            _copy(to, name, filter(kept.get(name, lambda _: True), rows_of(whole, name)))
    named = {
        row["product_id"]
        for name in ("transactions_sample", "promotions_sample")
        for row in rows_of(to, name)
    }
    _copy(to, "products", (row for row in rows_of(whole, "products") if row["product_id"] in named))
    return to


def _copy(folder: Path, name: str, rows: Iterable[Row]) -> None:
    with gzip.open(folder / f"{name}.csv.gz", "wt", 1, encoding="utf-8", newline="") as file:
        found = iter(rows)
        first = next(found)
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(found)
