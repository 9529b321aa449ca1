"""Ready is what every role answers: one that is away is named."""

import asyncio
from pathlib import Path
from types import MappingProxyType

import pytest

from queqiao.kernel.errors import Unavailable
from queqiao.kernel.http import Request
from queqiao.ports.rpc import RpcServer
from queqiao.wiring import health
from queqiao.wiring.settings import Settings

ASKED = Request("GET", "/readyz", {}, {}, MappingProxyType({}), b"", "", 0)
ROLES = {"ledger", "analytics", "intake", "scheduler", "console", "decide-0"}


async def test_a_role_that_does_not_answer_keeps_the_system_unready(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (tmp_path / "run").mkdir()
    _, ready = health.routes(settings)
    waited = health.sockets(settings)
    assert set(waited) == ROLES
    servers = {}
    for name, path in waited.items():
        with pytest.raises(Unavailable) as refused:
            await ready.handler(ASKED)
        told = refused.value.explain("en")
        assert {role for role in ROLES if role in told} == ROLES - servers.keys()
        servers[name] = RpcServer({})
        await servers[name].serve(path)
    assert (await ready.handler(ASKED)).status == 200
    for _ in range(10):  # the calls that were only looked at come to their end
        await asyncio.sleep(0)
    for server in servers.values():
        await server.close()
    for _ in range(10):
        await asyncio.sleep(0)
