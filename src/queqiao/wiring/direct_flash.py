"""The reservations of flash sales on the public port: answered there while a sale is live."""

from collections.abc import Callable, Iterable
from random import SystemRandom

from queqiao.decide.promotions.flash_sales import hot_state
from queqiao.decide.promotions.flash_sales.contracts import HeldPrices
from queqiao.decide.promotions.flash_sales.desk import Desk
from queqiao.decide.promotions.flash_sales.express import Express, HeaderLines
from queqiao.decide.promotions.flash_sales.hot_endpoints import BATCH_BYTES_MAX, BODY_MAX
from queqiao.decide.promotions.flash_sales.queue import Admissions
from queqiao.decide.promotions.flash_sales.snapshot import NONE, Sales
from queqiao.decide.promotions.flash_sales.tally import Tally
from queqiao.kernel.clock import Clock
from queqiao.operate.authentication import Authenticator
from queqiao.ports.records.base import Records
from queqiao.wiring import adapters, secret_keys
from queqiao.wiring.changes import Follower
from queqiao.wiring.direct_http import Direct, Stored, Taking
from queqiao.wiring.settings import Settings


class DirectFlash:
    """Follows the live sales, and keeps their paths in a table of direct answers."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        authenticator: Authenticator,
        clock: Clock,
        tally: Tally,
    ) -> None:
        self._records = records
        self._authenticator = authenticator
        self._sales: Sales = NONE
        self._table: dict[bytes, Direct] = {}
        self._known: list[bytes] = []
        ledger = adapters.ledger(settings)
        signer = secret_keys.signer(settings.home, "flash_sales")
        admissions = Admissions(ledger, signer, SystemRandom().getrandbits)
        prices = HeldPrices(signer)
        desk = Desk(lambda: self._sales, ledger, prices, admissions, tally)
        self._express = Express(desk, clock, self._may)

    def follow(self, follower: Follower, table: dict[bytes, Direct]) -> None:
        """Keep the paths of the sales in ``table``, as they are now and whenever they change."""
        self._table = table
        self._show(self._records.read_now(hot_state.load))
        for kind_name in hot_state.CHANGES:
            follower.on(f"{kind_name}/", self.load)

    async def load(self) -> None:
        """Take in the sales as they are now."""
        self._show(await self._records.read(hot_state.load))

    def _show(self, sales: Sales) -> None:
        for path in self._known:
            del self._table[path]
        self._sales = sales
        paths = dict(self._paths(sales))
        self._table.update(paths)
        self._known = list(paths)

    def _paths(self, sales: Iterable[str]) -> Iterable[tuple[bytes, Direct]]:
        for id_ in sales:
            path = f"/api/v1/flash-sales/{id_}/reserve"
            yield path.encode(), Direct(_taking(self._express.one, id_), BODY_MAX)
            many = Direct(_taking(self._express.many, id_), BATCH_BYTES_MAX)
            yield f"{path}/batch".encode(), many

    def _may(self, authorization: bytes) -> bool:
        principal = self._authenticator.principal_of_line(authorization)
        return principal is not None and principal.may("decide")


def _taking(take: Callable[[str, HeaderLines, bytes], Stored], sale_id: str) -> Taking:
    def taken(headers: HeaderLines, body: bytes, _client: str) -> Stored:
        return take(sale_id, headers, body)

    return taken
