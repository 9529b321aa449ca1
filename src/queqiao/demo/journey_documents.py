"""From the Complete Journey's files to what the management API takes: goods, promotions, codes."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from queqiao.demo.journey_files import CURRENCY, Transaction, day_us, price_of_products, rows_of
from queqiao.kernel.clock import format_rfc3339

SCOPE_SKUS_MAX: Final = 10_000
"""A promotion names at most so many SKUs; a campaign with more is scoped by their categories."""

_USES: Final = 1_000_000
_LEVELS = ("product_type", "product_category", "department")


class Prices:
    """A price for every product, and what it is based on.

    A product sold in the sample has the median of its own shelf prices; any other the median price
    of the sold products of its type, else its category, else its department, else of all.
    """

    def __init__(self, lines: list[Transaction], products: list[dict[str, str]]) -> None:
        self._own = price_of_products(lines)
        seen: dict[tuple[str, str], list[int]] = {}
        for row in products:
            if row["product_id"] in self._own:
                for level in (*_LEVELS, "all"):
                    key = (level, row.get(level, ""))
                    seen.setdefault(key, []).append(self._own[row["product_id"]])
        self._median = {key: round(median(prices)) for key, prices in seen.items()}

    def of(self, row: dict[str, str]) -> tuple[int, str]:
        """Return the price in cents and its basis."""
        if row["product_id"] in self._own:
            return self._own[row["product_id"]], "own sales"
        for level in _LEVELS:
            if row[level] and (level, row[level]) in self._median:
                return self._median[level, row[level]], level
        return self._median.get(("all", ""), 0), "all products"


def category_of(row: dict[str, str]) -> str:
    """Return a product's category as events name it: the department and the category in it."""
    return "/".join(part for part in (row["department"], row["product_category"]) if part)


def products(rows: list[dict[str, str]], prices: Prices) -> Iterator[dict[str, Any]]:
    """Yield the goods as ``/api/v1/products/bulk`` takes them. The files name no product."""
    for row in rows:
        price_minor, basis = prices.of(row)
        levels = [row[level] for level in reversed(_LEVELS) if row[level]]
        attributes = {"manufacturer_id": row["manufacturer_id"], "price_basis": basis}
        if row["package_size"]:
            attributes["package_size"] = row["package_size"]
        yield {
            "product_id": row["product_id"],
            "name": " ".join(part for part in (levels[-1], row["package_size"]) if part),
            "brand": row["brand"],
            "category": [category_of(row), *levels],
            "skus": [
                {
                    "sku": row["product_id"],
                    "price_minor": price_minor,
                    "currency": CURRENCY,
                    "attributes": attributes,
                }
            ],
        }


class Coupons:
    """The coupons by campaign: codes, products, and the code under which a UPC is redeemed.

    A UPC that stands in one campaign is its own code. One that stands in several would not say
    which of them is meant, so there the code is ``UPC-C{campaign}``.
    """

    def __init__(self, folder: Path) -> None:
        self._campaigns_of: dict[str, set[str]] = {}
        self.products_of: dict[str, set[str]] = {}
        for row in rows_of(folder, "coupons"):
            self._campaigns_of.setdefault(row["coupon_upc"], set()).add(row["campaign_id"])
            self.products_of.setdefault(row["campaign_id"], set()).add(row["product_id"])

    def code(self, upc: str, campaign_id: str) -> str:
        """Return the code of a UPC in a campaign."""
        alone = len(self._campaigns_of.get(upc, ())) < 2
        return upc if alone else f"{upc}-C{campaign_id}"

    def codes_of(self, campaign_id: str) -> list[str]:
        """Return the codes of a campaign, sorted."""
        found = (upc for upc, campaigns in self._campaigns_of.items() if campaign_id in campaigns)
        return sorted(self.code(upc, campaign_id) for upc in found)


def campaign_name(campaign_id: str) -> str:
    """Return the id under which a campaign's promotion and coupon batch are stored."""
    return f"journey-campaign-{campaign_id}"


def _window(row: dict[str, str]) -> dict[str, str]:
    """Return the campaign's days in New York; the last day is wholly in it."""
    after = date.fromisoformat(row["end_date"]) + timedelta(days=1)
    starts_us, ends_us = day_us(row["start_date"]), day_us(after.isoformat())
    return {"starts_at": format_rfc3339(starts_us), "ends_at": format_rfc3339(ends_us)}


def coupon_batch(row: dict[str, str], coupons: Coupons) -> dict[str, Any]:
    """Return a campaign's coupons as a batch; the files say of no limit on their use."""
    return {
        "name": f"Campaign {row['campaign_id']} ({row['campaign_type']})",
        "codes": coupons.codes_of(row["campaign_id"]),
        "uses_per_code": _USES,
        "uses_per_customer": None,
        **_window(row),
    }


def promotion(
    row: dict[str, str], coupons: Coupons, categories: dict[str, str], amount_minor: int
) -> dict[str, Any]:
    """Return a campaign as a promotion of a fixed amount, paid by the manufacturer.

    The files give coupons no face value: ``amount_minor`` is the median that was taken off.
    """
    named = sorted(coupons.products_of.get(row["campaign_id"], ()))
    if len(named) <= SCOPE_SKUS_MAX:
        scope = {"skus": named}
    else:
        scope = {"categories": sorted({categories[sku] for sku in named if sku in categories})}
    return {
        "name": f"Campaign {row['campaign_id']} ({row['campaign_type']})",
        "currency": CURRENCY,
        "scope": scope,
        "benefit": {"type": "fixed", "amount": amount_minor},
        "code_batch": campaign_name(row["campaign_id"]),
        "funding": {"platform": 0, "shop": 0, "brand": 100},
        **_window(row),
    }


def median_coupon_minor(lines: list[Transaction]) -> int:
    """Return the median amount of a manufacturer coupon on a receipt line, in cents."""
    amounts = [n for line in lines if (n := line.manufacturer_coupon_minor)]
    return round(median(amounts)) if amounts else 1


def placements() -> dict[str, dict[str, Any]]:
    """Return the places of the promotions file: displays in the store and pages of the mailer."""
    displays = {f"display-{code}": f"In-store display {code}" for code in "123456789A"}
    mailers = {f"mailer-{code}": f"Mailer {code}" for code in "ACDFHJLPXZ"}
    return {
        place: {"name": name, "floor_minor": 0, "currency": CURRENCY}
        for place, name in (displays | mailers).items()
    }
