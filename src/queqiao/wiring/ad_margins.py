"""Which part of their margin goods still bring, by the promotions of this moment."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from functools import partial

from queqiao.catalog.contracts import PriceBook
from queqiao.catalog.products import costs
from queqiao.decide.ads.promises.margin import Margins, margin_ppm
from queqiao.decide.promotions.quoting import Shop
from queqiao.ports.records.base import Records
from queqiao.wiring.shop_prices import PriceVersion, prices_by

PRICED_AT_ONCE = 50
"""SKUs that one look prices, in about ten milliseconds; the others come with the next looks."""


READ_AT_ONCE = 2_000


class MarginWatch:
    """Prices goods again whenever a price may have changed, some with each look."""

    def __init__(self, shop: Callable[[], Shop], records: Records) -> None:
        self._shop = shop
        self._records = records
        self._prices = prices_by(shop)
        self._version = PriceVersion(shop)
        self._seen: tuple[int, frozenset[str]] | None = None
        self._book: PriceBook | None = None
        self._costs: Mapping[str, int] = {}
        self._due: deque[str] = deque()
        self._margins: dict[str, int] = {}

    async def look(self, asked: frozenset[str], now_us: int) -> Margins:
        """Return the margins of the SKUs asked about, as far as their costs are known."""
        if not asked:
            return {}
        await self._read_costs(asked)
        seen = (self._version(now_us), asked)
        if seen != self._seen:
            self._seen = seen
            self._due = deque(sorted(asked & self._costs.keys()))
        some = [self._due.popleft() for _ in range(min(PRICED_AT_ONCE, len(self._due)))]
        known = {**self._margins, **self._priced(some, now_us)}
        self._margins = {sku: part for sku, part in known.items() if sku in asked}
        return self._margins

    async def _read_costs(self, asked: frozenset[str]) -> None:
        """Read costs again when the goods or those asked about have changed."""
        book = self._shop().price_book
        if book is self._book and self._seen is not None and self._seen[1] == asked:
            return
        wanted = sorted(asked)
        found: dict[str, int] = {}
        for start in range(0, len(wanted), READ_AT_ONCE):
            some = wanted[start : start + READ_AT_ONCE]
            found |= await self._records.read(partial(costs, only=some))
        self._costs = found
        self._book, self._seen = book, None
        self._margins = {sku: part for sku, part in self._margins.items() if sku in self._costs}

    def _priced(self, skus: Collection[str], now_us: int) -> dict[str, int]:
        book, found = self._shop().price_book, {}
        for sku, priced in self._prices(list(skus), now_us).items():
            goods = book.goods(sku)
            full_minor = priced.now_minor if goods is None else goods.price_minor
            part = margin_ppm(full_minor, priced.now_minor, self._costs[sku])
            if part is not None:
                found[sku] = part
        return found
