"""The management route that asks for the scheduled counts now, and answers when all know them."""

import asyncio

from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.rpc import RpcClient
from queqiao.wiring.changes import CatchUp, CaughtUp
from queqiao.wiring.roles import decide_names
from queqiao.wiring.schedule import CountAt, Counted, CountNow
from queqiao.wiring.settings import Settings

PATH = "/api/v1/schedule/count"


def routes(settings: Settings) -> list[Route]:
    """Return the route."""
    scheduler = RpcClient(settings.socket("scheduler.rpc"))
    deciders = [RpcClient(settings.socket(f"{name}.rpc")) for name in decide_names(settings)]

    async def count(request: Request) -> Response:
        asked = request.decode(CountNow)
        at = CountAt(request.now_us, asked.hold_s, asked.lake)
        counted = await scheduler.call("schedule.count", at, Counted)
        await asyncio.gather(*(_catch_up(each, counted.version) for each in deciders))
        return json_response(counted)

    words = Message("立即重算人群、推荐和广告计数", "Count segments, recommendations and ads now")
    return [Route("POST", PATH, count, words, "admin", CountNow, Counted, ("system",))]


async def _catch_up(decider: RpcClient, version: int) -> CaughtUp:
    found: CaughtUp = await decider.call("changes.catch_up", CatchUp(version), CaughtUp)
    return found
