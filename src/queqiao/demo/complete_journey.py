"""A real retailer's year (84.51° Complete Journey, CC0) replayed through the public interfaces.

- products → the catalogue; the price of a product is the median of its shelf prices a unit;
- households and their demographics → identify calls; the campaigns sent to them → notifications;
- campaigns and coupons → promotions and coupon batches (UPC = code); redemptions → the coupon
  ledger, each at its own date by ``Queqiao-Now``;
- receipts → orders, exact to the cent; displays and mailers → impressions.

Everything can be sent again: what is there already changes nothing. ``replay`` ends with a
reconciliation of rows in, taken and refused, and of the sales total with the report API's gross.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from queqiao.demo import journey_documents as documents
from queqiao.demo import journey_events as events
from queqiao.demo.client import StoreClient
from queqiao.demo.generator import to_stderr
from queqiao.demo.journey_files import Refusal, Transaction, day_us, rows_of, transactions
from queqiao.demo.reconciliation import Reconciliation, reconcile_sales

T = TypeVar("T")

PRODUCTS_A_CALL = 1_000
EVENTS_A_CALL = 1_000
AT_ONCE = 4
_EXISTS = 409


class Replay:
    """One replay into a running system."""

    def __init__(self, folder: Path, client: StoreClient, progress: Callable[[str], None]) -> None:
        self._folder = folder
        self._client = client
        self._progress = progress
        self._started_s = perf_counter()
        self.report = Reconciliation()

    async def run(self) -> Reconciliation:
        """Replay every file; return the reconciliation."""
        goods = list(rows_of(self._folder, "products"))
        lines = self._receipts()
        await self._products(goods, lines)
        await self._papers(goods, lines)
        await self._events("households", events.households(self._folder))
        await self._events("mailings", events.mailings(self._folder))
        by_id = {row["product_id"]: row for row in goods}
        await self._events("orders", events.orders(lines, by_id))
        await self._redemptions()
        await self._events("impressions", events.impressions(self._folder))
        await reconcile_sales(self._client, self._folder, self.report, self._progress)
        return self.report

    def _receipts(self) -> list[Transaction]:
        lines: list[Transaction] = []
        counted = self.report.of("receipt lines")
        for line in transactions(self._folder):
            if isinstance(line, Refusal):
                counted.refuse(line.reason)
            else:
                counted.take()
                lines.append(line)
        return lines

    async def _products(self, goods: list[dict[str, str]], lines: list[Transaction]) -> None:
        counted = self.report.of("products")
        prices = documents.Prices(lines, goods)

        async def send(part: list[dict[str, Any]]) -> None:
            answer = await self._client.post("/api/v1/products/bulk", {"products": part})
            counted.note(answer.status, len(part))

        await _at_once(_parts(documents.products(goods, prices), PRODUCTS_A_CALL), send)
        self._tell("products")

    async def _papers(self, goods: list[dict[str, str]], lines: list[Transaction]) -> None:
        """Publish placements, then each campaign's coupon batch and promotion."""
        await self._publish("placements", documents.placements())
        coupons = documents.Coupons(self._folder)
        categories = {row["product_id"]: documents.category_of(row) for row in goods}
        amount_minor = documents.median_coupon_minor(lines)
        rows = list(rows_of(self._folder, "campaign_descriptions"))
        named = {documents.campaign_name(row["campaign_id"]): row for row in rows}
        batches = {name: documents.coupon_batch(row, coupons) for name, row in named.items()}
        await self._publish("coupon-batches", batches)
        promotions = {
            name: documents.promotion(row, coupons, categories, amount_minor)
            for name, row in named.items()
        }
        await self._publish("promotions", promotions)
        self._tell("promotions")

    async def _publish(self, path: str, papers: dict[str, dict[str, Any]]) -> None:
        counted = self.report.of(path)
        for paper_id, document in papers.items():
            made = await self._client.post(
                f"/api/v1/{path}", {"id": paper_id, "document": document}
            )
            if made.good:
                made = await self._client.post(f"/api/v1/{path}/{paper_id}/publish", {})
            counted.note(200 if made.status == _EXISTS else made.status, 1)

    async def _events(self, name: str, source: Iterable[dict[str, Any]]) -> None:
        counted = self.report.of(name)

        async def send(part: list[dict[str, Any]]) -> None:
            await self._client.send_events(part, None)
            counted.take(len(part))

        await _at_once(_parts(source, EVENTS_A_CALL), send)
        self._tell(name)

    async def _redemptions(self) -> None:
        counted = self.report.of("coupon_redemptions")
        coupons = documents.Coupons(self._folder)

        async def redeem(row: dict[str, str]) -> None:
            code = coupons.code(row["coupon_upc"], row["campaign_id"])
            number = "-".join(
                row[name] for name in ("coupon_upc", "campaign_id", "redemption_date")
            )
            asked = {
                "customer_id": row["household_id"],
                "order_id": f"redemption-{row['household_id']}-{number}",
            }
            now_us = day_us(row["redemption_date"], hours=12)
            answer = await self._client.post(f"/api/v1/coupons/{code}/redeem", asked, now_us)
            counted.note(answer.status, 1)

        in_time = sorted(
            rows_of(self._folder, "coupon_redemptions"), key=lambda row: row["redemption_date"]
        )
        await _at_once(in_time, redeem)
        self._tell("coupon_redemptions")

    def _tell(self, name: str) -> None:
        counted = self.report.of(name)
        seconds = perf_counter() - self._started_s
        self._progress(
            f"journey: {name}: {counted.taken:,} taken, {counted.refused:,} refused,"
            f" after {seconds:.0f} s"
        )


async def replay(
    data_dir: Path,
    base_url: str,
    admin_key: str,
    intake_key: str,
    *,
    progress: Callable[[str], None] = to_stderr,
) -> Reconciliation:
    """Replay the files of ``data_dir`` into the system; return the reconciliation.

    Raises FileNotFoundError when a file is missing and StoreError when the system refuses a batch
    whole (a wrong key).
    """
    client = StoreClient(base_url, admin_key, intake_key)
    try:
        return await Replay(data_dir, client, progress).run()
    finally:
        await client.close()


def _parts(source: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the source in lists of ``size``; only as much of it is read as is under way."""
    remaining = iter(source)
    while part := list(islice(remaining, size)):
        yield part


async def _at_once(source: Iterable[T], send: Callable[[T], Awaitable[None]]) -> None:
    """Send each, ``AT_ONCE`` at a time, reading the source as it goes."""
    remaining = iter(source)

    async def work() -> None:
        for each in remaining:
            await send(each)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
