"""One import: a reader of the kind, the intake client, the report."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from queqiao.collect.offline import events_file, online_retail, orders_file
from queqiao.collect.offline.intake_client import IntakeClient
from queqiao.collect.offline.report import ImportReport
from queqiao.kernel.clock import zone_of

Kind = Literal["online-retail", "events", "orders"]
Progress = Callable[[int, int], None]
"""Called with rows read and events sent, about once a batch."""


class ImportOptions(msgspec.Struct, frozen=True):
    """What a file leaves unsaid: its column names by ours, its currency, its time zone."""

    columns: Mapping[str, str] = {}
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"


def _silent(_rows: int, _events: int) -> None:
    """Show nothing."""


async def import_file(
    kind: Kind,
    path: Path,
    client: IntakeClient,
    options: ImportOptions | None = None,
    *,
    progress: Progress = _silent,
) -> ImportReport:
    """Send a file through the intake and return its account.

    Raises NotFound or InvalidInput for the file as a whole, Forbidden for the write key and
    Unavailable for an intake that stays away; what was sent before stays, and a second run of the
    same file sends it again without effect.
    """
    report = ImportReport(kind, path.name)
    batches = client.batches
    for call in _calls(kind, path, options or ImportOptions(), report):
        await client.add(call)
        report.events += 1
        if client.batches != batches:
            batches = client.batches
            progress(report.rows, client.events)
    await client.flush()
    report.batches = client.batches
    progress(report.rows, client.events)
    return report


def _calls(kind: Kind, path: Path, options: ImportOptions, report: ImportReport) -> Iterator[bytes]:
    if kind == "online-retail":
        return online_retail.read(path, report)
    if kind == "events":
        return events_file.read(path, report)
    zone: ZoneInfo = zone_of(options.timezone)
    how = orders_file.OrdersOptions(options.columns, options.currency, zone)
    return orders_file.read(path, report, how)
