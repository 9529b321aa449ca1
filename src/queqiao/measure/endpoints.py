"""The routes of reports: the question, the catalogue, and the file."""

import csv
import io

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.money import format_minor
from queqiao.measure.catalogue import METRICS
from queqiao.measure.contracts import (
    CatalogueView,
    DimensionView,
    MetricView,
    Report,
    ReportQuery,
    both,
)
from queqiao.measure.dimensions import DIMENSIONS
from queqiao.measure.funnels import funnel
from queqiao.measure.funnels_contracts import FunnelQuery, FunnelReport
from queqiao.measure.query import report
from queqiao.ports.warehouse.base import Warehouse

BODY_BYTES_MAX = 200_000
_TAGS = ("reports",)
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a text cell that starts with one of these."""


class MeasureServices(msgspec.Struct, frozen=True):
    """What the routes need."""

    warehouse: Warehouse


def handlers(services: MeasureServices) -> list[Route]:
    """Return the management routes of this stage."""

    async def ask(request: Request) -> Response:
        query = request.decode(ReportQuery, BODY_BYTES_MAX)
        return json_response(await report(services.warehouse, query))

    async def export(request: Request) -> Response:
        if request.query.get("format", "csv") != "csv":
            message = Message("目前支持 csv", "csv is what there is")
            raise InvalidInput(FieldError("format", message))
        query = request.decode(ReportQuery, BODY_BYTES_MAX)
        answer = await report(services.warehouse, query)
        name = ("content-disposition", 'attachment; filename="report.csv"')
        return Response(200, csv_of(answer), "text/csv; charset=utf-8", (name,))

    async def ask_funnel(request: Request) -> Response:
        query = request.decode(FunnelQuery, BODY_BYTES_MAX)
        return json_response(await funnel(services.warehouse, query))

    async def catalogue(_: Request) -> Response:
        return json_response(_CATALOGUE)

    return [
        Route(
            "POST", "/api/v1/reports/query", ask, Message("查询报表", "Ask a report"), "read",
            ReportQuery, Report, _TAGS, BODY_BYTES_MAX,
        ),
        Route(
            "POST", "/api/v1/reports/export", export,
            Message("导出报表 (format=csv)", "Export a report (format=csv)"), "read",
            ReportQuery, None, _TAGS, BODY_BYTES_MAX,
        ),
        Route(
            "POST", "/api/v1/funnels/query", ask_funnel, Message("查询漏斗", "Ask a funnel"),
            "read", FunnelQuery, FunnelReport, _TAGS, BODY_BYTES_MAX,
        ),
        Route(
            "GET", "/api/v1/metrics", catalogue, Message("指标目录", "The catalogue of metrics"),
            "read", None, CatalogueView, _TAGS,
        ),
    ]  # fmt: skip


_CATALOGUE = CatalogueView(
    [
        MetricView(one.name, one.unit, both(one.title), both(one.meaning), one.formula)
        for one in METRICS.values()
    ],
    [DimensionView(one.name, both(one.title)) for one in DIMENSIONS.values()],
)


def csv_of(answer: Report) -> bytes:
    """Return the rows as CSV (RFC 4180, UTF-8 with a mark, so that spreadsheets read Chinese).

    Money is written as a decimal where the report has one currency, else in minor units.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in answer.columns])
    money = [column.unit == "minor" and answer.currency for column in answer.columns]
    for row in answer.rows:
        writer.writerow([_cell(value, sign) for value, sign in zip(row, money, strict=True)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: object, currency: object) -> object:
    if isinstance(currency, str) and isinstance(value, int):
        return format_minor(value, currency)
    if isinstance(value, str) and value.startswith(_FORMULA_SIGNS):
        return "'" + value
    return value
