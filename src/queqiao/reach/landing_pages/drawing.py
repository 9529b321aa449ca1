"""Drawn pages: each kept until something of it changes, and never more work than a worker bears.

A page at its bounds prices 3,600 goods. So prices are kept by SKU for all pages and languages while
nothing that makes a price has changed; they are asked for a few at a time, with room for other
requests between; the drawing itself runs on a thread, one page at a time; and a large page rests
for longer after it was drawn.
"""

import asyncio
import gzip
from collections.abc import Callable, Sequence
from hashlib import sha256

import msgspec

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.http import Language
from queqiao.reach.landing_pages.page import page
from queqiao.reach.landing_pages.scene import LivePage, Priced, Prices, Scene

REST_US = 2 * SECOND_US
"""So long a drawn page serves at least, whatever becomes of prices and goods. What operators change
of the page, or of what it names, is drawn anew at once."""
REST_A_SKU_US = 3_000
"""A page of many goods rests longer: about ten times what its prices cost, so that no page takes
more than a tenth of a worker."""
PRICED_AT_ONCE = 20
"""Prices asked for between two looks at other requests: a few milliseconds."""
PRICES_MAX = 200_000
BYTES_MAX = 64_000_000
"""Of all pages kept, plain and compressed; the one that was drawn first goes first."""


class Drawn(msgspec.Struct, frozen=True, gc=False):
    """A page as bytes: of this ``live`` page, at prices of ``version``.

    ``turns_us`` is when it will look different by the clock alone, None for never.
    """

    live: LivePage
    version: int
    drawn_us: int
    turns_us: int | None
    tag: str
    body: bytes
    zipped: bytes

    def serves(self, live: LivePage, version: int, now_us: int) -> bool:
        """Say whether it is still good; a clock that was set back makes it old too."""
        has_turned = self.turns_us is not None and now_us >= self.turns_us
        if has_turned or now_us < self.drawn_us:
            return False
        if live is self.live and version == self.version:
            return True
        rest_us = max(REST_US, REST_A_SKU_US * len(live.references.goods))
        return now_us < self.drawn_us + rest_us and live.says_as(self.live)


class Look(msgspec.Struct, frozen=True):
    """What every page of a shop is drawn with: time zone, address for the world, write key."""

    zone: str
    public_url: str
    write_key: str


class Drawings:
    """Draws pages and keeps them.

    ``version`` tells at a moment a number that changes whenever a price may have changed.
    """

    def __init__(self, prices: Prices, version: Callable[[int], int], look: Look) -> None:
        self._prices = prices
        self._version = version
        self._look = look
        self._kept: dict[tuple[str, Language], Drawn] = {}
        self._bytes = 0
        self._known: dict[str, Priced | None] = {}
        self._known_version = -1
        self._drawing: dict[tuple[str, Language], tuple[LivePage, asyncio.Task[Drawn]]] = {}
        self._turn = asyncio.Lock()

    async def drawn(self, live: LivePage, language: Language, now_us: int) -> Drawn:
        """Return a page in a language as it looks now; who asks meanwhile waits for one drawing."""
        key = live.document.slug, language
        known = self._kept.get(key)
        if known is not None and known.serves(live, self._version(now_us), now_us):
            return known
        of, task = self._drawing.get(key, (None, None))
        if task is None or of is not live:
            task = asyncio.create_task(self._draw(live, language, now_us))
            self._drawing[key] = live, task
            task.add_done_callback(lambda done: self._over(key, done))
        return await asyncio.shield(task)

    def _over(self, key: tuple[str, Language], task: "asyncio.Task[Drawn]") -> None:
        if self._drawing.get(key, (None, None))[1] is task:
            del self._drawing[key]
        if not task.cancelled():
            task.exception()  # seen here, so that a visitor who went away leaves no warning

    async def _draw(self, live: LivePage, language: Language, now_us: int) -> Drawn:
        async with self._turn:
            version = self._version(now_us)
            prices = await self._priced(live.skus(), now_us, version)
            scene = Scene(live, language, now_us, self._look.zone, prices)
            drawn = await asyncio.to_thread(_rendered, scene, version, self._look)
        self._keep((live.document.slug, language), drawn)
        return drawn

    async def _priced(self, skus: Sequence[str], now_us: int, version: int) -> dict[str, Priced]:
        """Return what is priced of the SKUs, asking only for those not known at this version."""
        if version != self._known_version or len(self._known) + len(skus) > PRICES_MAX:
            self._known, self._known_version = {}, version
        known = self._known
        asked = [sku for sku in skus if sku not in known]
        for start in range(0, len(asked), PRICED_AT_ONCE):
            some = asked[start : start + PRICED_AT_ONCE]
            found = self._prices(some, now_us)
            known.update((sku, found.get(sku)) for sku in some)
            await asyncio.sleep(0)
        return {sku: one for sku in skus if (one := known[sku]) is not None}

    def _keep(self, key: tuple[str, Language], drawn: Drawn) -> None:
        self._drop(key)
        self._kept[key] = drawn
        self._bytes += _size(drawn)
        while self._bytes > BYTES_MAX and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, Language]) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= _size(gone)


def _size(drawn: Drawn) -> int:
    return len(drawn.body) + len(drawn.zipped)


def _rendered(scene: Scene, version: int, look: Look) -> Drawn:
    """Draw a scene; everything it reads never changes, so it may run on a thread."""
    body = page(scene, look.public_url, look.write_key)
    digest = f'W/"{sha256(body).hexdigest()[:20]}"'
    zipped = gzip.compress(body, 6, mtime=0)
    turns_us = scene.page.turns_us(scene.now_us)
    return Drawn(scene.page, version, scene.now_us, turns_us, digest, body, zipped)
