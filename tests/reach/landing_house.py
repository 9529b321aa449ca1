"""Landing pages over real records: the desks of both roles, and a stock that needs no catalogue."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from tests.reach.landing import GOODS, NOW_US, PRICES, SALE, ZONE

from queqiao.catalog.contracts import ShownGoods
from queqiao.kernel.errors import Refused
from queqiao.kernel.http import Request, Response, Route
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.reach.landing_pages import hot_endpoints, images, preview
from queqiao.reach.landing_pages.claims import Claimed, Visitors
from queqiao.reach.landing_pages.document import GoodsBlock
from queqiao.reach.landing_pages.publishing import Examiner
from queqiao.reach.landing_pages.references import Stocked
from queqiao.reach.landing_pages.scene import Priced, Sale
from queqiao.reach.landing_pages.snapshot import PagesSnapshot, load


def named(_conn: Connection, skus: list[str]) -> list[ShownGoods]:
    return [GOODS[sku] for sku in skus if sku in GOODS]


def listed(conn: Connection, block: GoodsBlock) -> list[ShownGoods]:
    return named(conn, [item.sku for item in block.items] or list(GOODS))


def sales(_conn: Connection, ids: Iterable[str]) -> dict[str, Sale]:
    return {one: SALE for one in ids if one == "fs1"}


STOCKED = Stocked(listed=listed, named=named, sales=sales)


class PagesHouse:
    """Records, and the desks of both roles over them."""

    def __init__(self, folder: Path) -> None:
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.documents = Documents(self.records)
        self.snapshot = PagesSnapshot()
        self.asked = 0
        self.version = 0
        self.stock_asked = 0
        self.refusal = ""
        self.claimed: dict[tuple[str, str, str], str] = {}
        signer = Signer(b"k" * 32)
        previews = preview.Previews(
            self.records,
            STOCKED,
            self.prices,
            signer,
            zone=ZONE,
            security=hot_endpoints.SECURITY,
        )
        services = hot_endpoints.PageServices(
            snapshot=lambda: self.snapshot,
            prices=self.prices,
            version=lambda _now_us: self.version,
            records=self.records,
            previews=previews,
            visitors=Visitors(Signer(b"v" * 32)),
            claim=self.claim,
            stock=self.stock,
            zone=ZONE,
            public_url="",
            write_key="qq_intake_key",
        )
        examiner = Examiner(self.records, STOCKED, self.prices)
        self.routes: list[Route] = [
            *hot_endpoints.routes(services),
            examiner.route(),
            *images.routes(self.records),
            preview.link_route(self.records, signer),
        ]

    def prices(self, skus: Sequence[str], _now_us: int) -> dict[str, Priced]:
        self.asked += 1
        return {sku: PRICES[sku] for sku in skus if sku in PRICES}

    async def claim(self, batch: str, customer: str, request_id: str, _now_us: int) -> Claimed:
        if self.refusal:
            raise Refused(reason=self.refusal)
        codes = self.claimed.setdefault((batch, customer, request_id), f"CODE-{len(self.claimed)}")
        return Claimed(codes, None)

    async def stock(self, sales: Sequence[str], _now_us: int) -> dict[str, dict[str, int]]:
        self.stock_asked += 1
        return {sale: {"TEA-1": 7} for sale in sales}

    async def add(self, kind: Any, name: str, value: Any, state: str = "live") -> None:
        edit = Edit(Actor("u", "u"), NOW_US)
        await self.documents.create(kind, name, value, edit)
        if state != "draft":
            await self.documents.transition(kind, name, "live", edit)
        if state not in {"draft", "live"}:
            await self.documents.transition(kind, name, state, edit)
        await self.load()

    async def load(self) -> None:
        before = self.snapshot
        self.snapshot = await self.records.read(lambda conn: load(conn, STOCKED, before))

    async def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        now_us: int = NOW_US,
        sent: bytes = b"",
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> Response:
        route = next(one for one in self.routes if (one.path, one.method) == (path, method))
        request = Request(
            method, path, params, query or {}, headers or {}, sent, "1.2.3.4", now_us, language="en"
        )
        return await route.handler(request)

    async def page(self, slug: str = "618-main", **asked: Any) -> Response:
        return await self.ask("/p/{slug}", slug=slug, **asked)


def said(answer: Response) -> dict[str, str]:
    return dict(answer.headers)
