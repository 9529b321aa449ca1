"""The management routes that look into the ledger."""

import msgspec

from queqiao.collect.masking import masked_counter, openly
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.ledger.base import Balance, Ledger, Proof

BALANCES_MAX = 1000
_TAGS = ("ledger",)


class CounterView(msgspec.Struct, frozen=True):
    """One counter of the ledger: limit = leased + spent + free."""

    counter: str
    limit: int
    leased: int
    spent: int
    free: int


class CounterList(msgspec.Struct, frozen=True):
    """Counters by name, at most ``BALANCES_MAX``."""

    items: list[CounterView]
    next_cursor: str | None = None


def routes(ledger: Ledger) -> list[Route]:
    """Return the routes."""

    async def balances(request: Request) -> Response:
        prefix, who = request.query.get("prefix", ""), request.principal
        sees_codes = who is not None and who.may("admin")
        found = await ledger.find(prefix if sees_codes else openly(prefix), BALANCES_MAX)
        shown = [
            _view(name if sees_codes else masked_counter(name), one)
            for name, one in sorted(found.items())
        ]
        return json_response(CounterList(shown))

    async def proof(_request: Request) -> Response:
        return json_response(await ledger.prove())

    counters = Message("账本计数器，可用 prefix 筛选", "Counters of the ledger; prefix filters")
    proven = Message("用分录重算并核对账本", "Recompute the ledger's books from its entries")
    path = "/api/v1/ledger"
    return [
        Route("GET", f"{path}/balances", balances, counters, "read", None, CounterList, _TAGS),
        Route("GET", f"{path}/proof", proof, proven, "read", None, Proof, _TAGS),
    ]


def _view(name: str, balance: Balance) -> CounterView:
    return CounterView(name, balance.limit, balance.leased, balance.spent, balance.free)
