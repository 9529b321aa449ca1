"""From the Complete Journey's rows to events of the tracking protocol.

Message ids come from the rows, so a second replay is known again event by event.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from queqiao.demo.journey_documents import campaign_name, category_of
from queqiao.demo.journey_files import CURRENCY, Transaction, day_us, rows_of, week_start_us
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.money import spread

Event = dict[str, Any]

_TRAITS = {
    "age": "age_band",
    "income": "income_band",
    "home_ownership": "home_ownership",
    "marital_status": "marital_status",
    "household_size": "household_size",
    "household_comp": "household_comp",
    "kids_count": "kids_count",
}
"""Columns of the demographics file and the traits that they become. All are text, in bands."""

_STORE = {"channel": "store", "library": {"name": "complete-journey"}}
_MAIL = {"channel": "mail", "library": {"name": "complete-journey"}}


def households(folder: Path) -> Iterator[Event]:
    """Yield one identify call a household that any file names; most have no demographics."""
    known = {row["household_id"]: row for row in rows_of(folder, "demographics")}
    named = set(known)
    for file in ("transactions_sample", "campaigns", "coupon_redemptions"):
        named |= {row["household_id"] for row in rows_of(folder, file)}
    for household in sorted(named, key=int):
        row = known.get(household, {})
        traits = {trait: row[column] for column, trait in _TRAITS.items() if row.get(column)}
        yield _event(f"household-{household}", "identify", week_start_us(1), _STORE, household) | {
            "traits": traits
        }


def mailings(folder: Path) -> Iterator[Event]:
    """Yield one event a household that got a campaign's coupons, on the campaign's first day."""
    starts = {
        row["campaign_id"]: day_us(row["start_date"])
        for row in rows_of(folder, "campaign_descriptions")
    }
    for row in rows_of(folder, "campaigns"):
        campaign, household = row["campaign_id"], row["household_id"]
        message = f"mailing-{campaign}-{household}"
        properties = {"channel": "mail", "campaign_id": campaign_name(campaign)}
        yield _event(message, "track", starts[campaign], _MAIL, household) | {
            "event": "Notification Sent",
            "properties": properties,
        }


def orders(lines: list[Transaction], goods: dict[str, dict[str, str]]) -> Iterator[Event]:
    """Yield one order a basket, in order of time."""
    baskets: dict[str, list[Transaction]] = {}
    for line in lines:
        baskets.setdefault(line.basket_id, []).append(line)
    for basket in sorted(baskets.values(), key=lambda each: (each[0].at_us, each[0].basket_id)):
        first = basket[0]
        message = f"order-{first.basket_id}"
        yield _event(message, "track", first.at_us, _STORE, first.household_id) | {
            "event": "Order Completed",
            "properties": _order(basket, goods),
        }


def _order(basket: list[Transaction], goods: dict[str, dict[str, str]]) -> dict[str, Any]:
    sales = sum(line.sales_minor for line in basket)
    return {
        "order_id": basket[0].basket_id,
        "affiliation": f"store {basket[0].store_id}",
        "currency": CURRENCY,
        "subtotal_minor": sales,
        "total_minor": sales,
        "discount_minor": sum(line.discount_minor for line in basket),
        "manufacturer_coupon_minor": sum(line.manufacturer_coupon_minor for line in basket),
        "products": [
            product for line in basket for product in _products(line, goods.get(line.product_id))
        ],
    }


def _products(line: Transaction, good: dict[str, str] | None) -> list[dict[str, Any]]:
    """Return the line in whole cents a unit: where they do not divide, as two products.

    Of 3 units for $1.00, one costs 34 cents and two cost 33, and nothing is rounded.
    """
    price, dearer = divmod(line.list_minor, line.quantity)
    parts = [(line.quantity - dearer, price), (dearer, price + 1)]
    parts = [(quantity, unit) for quantity, unit in parts if quantity]
    shares = _shares(line.discount_minor, [quantity * unit for quantity, unit in parts])
    named: dict[str, Any] = {"product_id": line.product_id, "sku": line.product_id}
    if good is not None:
        named |= {"category": category_of(good), "brand": good["brand"]}
    return [
        named | {"quantity": quantity, "price_minor": unit, "discount_minor": share}
        for (quantity, unit), share in zip(parts, shares, strict=True)
    ]


def _shares(discount_minor: int, weights: list[int]) -> list[int]:
    return spread(discount_minor, weights) if sum(weights) else [0] * len(weights)


def impressions(folder: Path) -> Iterator[Event]:
    """Yield one impression a row of the promotions file, at the start of its week.

    The row's place is its display in the store, else its place in the mailer; both are kept.
    """
    for row in rows_of(folder, "promotions_sample"):
        display, mailer = row["display_location"], row["mailer_location"]
        store, product, week = row["store_id"], row["product_id"], row["week"]
        message = f"display-{week}-{store}-{product}-{display}-{mailer}"
        place = f"display-{display}" if display != "0" else f"mailer-{mailer}"
        at = format_rfc3339(week_start_us(int(week)))
        yield {
            "type": "track",
            "event": "Promotion Viewed",
            "messageId": message,
            "anonymousId": f"store-{store}",
            "timestamp": at,
            "context": _STORE,
            "properties": {
                "promotion_id": f"week-{week}",
                "placement_id": place,
                "product_id": product,
                "sku": product,
                "display_location": display,
                "mailer_location": mailer,
            },
        }


def _event(
    message: str, kind: str, at_us: int, context: dict[str, Any], household: str
) -> dict[str, Any]:
    return {
        "type": kind,
        "messageId": message,
        "userId": household,
        "timestamp": format_rfc3339(at_us),
        "context": context,
    }
