"""The files of the Complete Journey (84.51°, CC0), read row by row.

Money in the files is in dollars with two decimals. The customer's shelf price of a line is
``sales_value + retail_disc + coupon_match_disc``; the retailer gives the two discounts and receives
``sales_value``. ``coupon_disc`` is paid to the retailer by the manufacturer, so it is a means of
payment and lowers nothing that the retailer sells.

Times are UTC: by them trading stops between 5 and 9 o'clock and weeks end on Monday at 5:00, which
is night and Sunday midnight in New York.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from queqiao.kernel.clock import day_start_us, parse_rfc3339
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.money import parse_minor

CURRENCY: Final = "USD"
ZONE: Final = "America/New_York"
FILES: Final = (
    "products",
    "demographics",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
    "transactions_sample",
    "promotions_sample",
)
_SECOND_WEEK = date(2017, 1, 2)
_FIRST_DAY = date(2017, 1, 1)
_DUST_CENTS = Decimal("0.01")


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One line of a receipt. Amounts in cents; ``list_minor`` is the shelf price of all units."""

    household_id: str
    store_id: str
    basket_id: str
    product_id: str
    quantity: int
    list_minor: int
    discount_minor: int
    sales_minor: int
    manufacturer_coupon_minor: int
    at_us: int


class Refusal(msgspec.Struct, frozen=True):
    """A row that was not taken: its line in the file (the header is 1) and why."""

    row: int
    reason: str


def rows_of(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one file by column name. Raises FileNotFoundError naming it."""
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def transactions(folder: Path) -> Iterator[Transaction | Refusal]:
    """Yield the receipt lines in the file's order; a row that cannot be booked as its refusal."""
    for number, row in enumerate(rows_of(folder, "transactions_sample"), 2):
        try:
            yield _transaction(row)
        except InvalidInput as error:
            path, message = error.fields[0]
            yield Refusal(number, f"{path} {message.en}")
        except ValueError as error:
            yield Refusal(number, str(error))


def _transaction(row: dict[str, str]) -> Transaction:
    quantity = float(row["quantity"])
    if quantity < 1:
        raise ValueError("no units: a coupon line, not a sale")
    if quantity != int(quantity):
        raise ValueError("the quantity is not a whole number")
    sales, retail, match, coupon = (
        parse_minor(row[name], CURRENCY, name)
        for name in ("sales_value", "retail_disc", "coupon_match_disc", "coupon_disc")
    )
    return Transaction(
        household_id=row["household_id"],
        store_id=row["store_id"],
        basket_id=row["basket_id"],
        product_id=row["product_id"],
        quantity=int(quantity),
        list_minor=sales + retail + match,
        discount_minor=retail + match,
        sales_minor=sales,
        manufacturer_coupon_minor=coupon,
        at_us=parse_rfc3339(row["transaction_timestamp"]),
    )


def sales_total_minor(folder: Path) -> int:
    """Return the sum of ``sales_value`` over every row of the file, in cents.

    One row says 4.440892e-16 dollars, dust of the source's own arithmetic: a hundredth of a cent
    over the whole file is let pass, more is a ValueError.
    """
    rows = rows_of(folder, "transactions_sample")
    cents = 100 * sum((Decimal(row["sales_value"]) for row in rows), Decimal(0))
    whole = round(cents)
    if abs(cents - whole) > _DUST_CENTS:
        raise ValueError("the sales do not sum to whole cents")
    return whole


def price_of_products(lines: list[Transaction]) -> dict[str, int]:
    """Return each sold product's price: the median of its shelf prices a unit, in whole cents."""
    seen: dict[str, list[float]] = {}
    for line in lines:
        seen.setdefault(line.product_id, []).append(line.list_minor / line.quantity)
    return {product: round(median(prices)) for product, prices in seen.items()}


def week_start_us(week: int) -> int:
    """Return when a week of the files begins: Mondays in New York; week 1 is a lone Sunday."""
    day = _FIRST_DAY if week == 1 else _SECOND_WEEK + timedelta(weeks=week - 2)
    return day_start_us(day.isoformat(), ZONE)


def day_us(day: str, *, hours: int = 0) -> int:
    """Return a time of a day ``YYYY-MM-DD`` in New York."""
    return day_start_us(day, ZONE) + hours * 3_600_000_000
