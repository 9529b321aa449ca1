"""Every management endpoint of the stages, built for the console role."""

import msgspec

from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.ledger.base import Balance, Ledger, Proof

BALANCES_MAX = 1000


class CounterView(msgspec.Struct, frozen=True):
    """One counter of the ledger: limit = leased + spent + free."""

    counter: str
    limit: int
    leased: int
    spent: int
    free: int


class CounterList(msgspec.Struct, frozen=True):
    """Counters by name."""

    items: list[CounterView]
    next_cursor: str | None = None


class ShopView(msgspec.Struct, frozen=True):
    """What the console shows of the shop."""

    name: str
    timezone: str
    currency: str


def ledger_routes(ledger: Ledger) -> list[Route]:
    """Return the routes that look into the ledger."""

    async def balances(request: Request) -> Response:
        found = await ledger.find(request.query.get("prefix", ""), BALANCES_MAX)
        return json_response(CounterList([_counter(*pair) for pair in sorted(found.items())]))

    async def proof(_request: Request) -> Response:
        return json_response(await ledger.prove())

    return [
        Route(
            "GET",
            "/api/v1/ledger/balances",
            balances,
            Message("账本计数器", "Counters of the ledger"),
            "read",
            response_type=CounterList,
            tags=("ledger",),
        ),
        Route(
            "GET",
            "/api/v1/ledger/proof",
            proof,
            Message("核对账本", "Prove the ledger's books"),
            "read",
            response_type=Proof,
            tags=("ledger",),
        ),
    ]


def _counter(name: str, balance: Balance) -> CounterView:
    return CounterView(name, balance.limit, balance.leased, balance.spent, balance.free)
