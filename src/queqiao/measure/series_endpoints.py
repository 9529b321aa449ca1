"""The routes of series: points in, lines out, which series there are."""

import msgspec

from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.measure.series import lines, names, stored_points
from queqiao.measure.series_contracts import (
    Points,
    PointsTaken,
    SeriesAnswer,
    SeriesList,
    SeriesQuery,
)
from queqiao.measure.series_table import PointsStore
from queqiao.ports.warehouse.base import Warehouse

_TAGS = ("series",)
BODY_BYTES_MAX = 2_000_000


class SeriesServices(msgspec.Struct, frozen=True):
    """What the routes need."""

    warehouse: Warehouse
    store: PointsStore


def series_routes(services: SeriesServices) -> list[Route]:
    """Return the routes."""

    async def take(request: Request) -> Response:
        points = stored_points(request.decode(Points, BODY_BYTES_MAX), request.now_us)
        return json_response(PointsTaken(await services.store.store(points)))

    async def ask(request: Request) -> Response:
        query = request.decode(SeriesQuery, BODY_BYTES_MAX)
        return json_response(await lines(services.warehouse, query))

    async def known(_: Request) -> Response:
        return json_response(await names(services.warehouse))

    return [
        Route(
            "POST", "/api/v1/metrics/points", take,
            Message("写入时间序列的点", "Store points of any series; stored once they are on disk"),
            "intake", Points, PointsTaken, _TAGS, BODY_BYTES_MAX,
        ),
        Route(
            "POST", "/api/v1/metrics/series/query", ask,
            Message(
                "查询时间序列，可与业务指标同轴",
                "Ask for lines: system and business metrics on one time axis",
            ),
            "read", SeriesQuery, SeriesAnswer, _TAGS, BODY_BYTES_MAX,
        ),
        Route(
            "GET", "/api/v1/metrics/series", known,
            Message("有哪些时间序列", "Which series there are"), "read", None, SeriesList, _TAGS,
        ),
    ]  # fmt: skip
