"""``queqiao import``: files into the system, through its public interfaces."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import httpx
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from queqiao.collect.offline.import_file import ImportOptions, Kind, import_file
from queqiao.collect.offline.intake_client import IntakeClient
from queqiao.collect.offline.report import ImportReport
from queqiao.demo import complete_journey
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Unavailable
from queqiao.wiring import local_system
from queqiao.wiring.commands import bad_rows
from queqiao.wiring.commands.imports import FileImport, import_offline
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import err, out
from queqiao.wiring.local_system import Address
from queqiao.wiring.settings import Settings

LOADED_WITHIN_S = 300.0
TIMEOUT_S = 120.0
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

NEEDS_TIME = Message(
    "它的优惠券在当年才有效；请用 queqiao demo --data，或设 accept_header = true",
    "its coupons are valid in their own year: use queqiao demo --data, or set accept_header = true",
)

AnyKind = Literal[
    "online-retail", "events", "orders", "catalog", "complete-journey", "receipts", "contacts",
    "members",
]  # fmt: skip
OFFLINE = ("receipts", "contacts", "members")


def import_data(
    kind: Annotated[AnyKind, typer.Argument(help="What the file holds.")],
    path: Annotated[Path, typer.Argument(help="The file, or the folder of complete-journey.")],
    home: Home = None,
    config: Config = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Our column=their column (orders); may be repeated.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Currency where the file names none.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Time zone of the file's times.")] = None,
    mapping: Annotated[str, typer.Option(help="Saved mapping of columns (offline files).")] = "",
    encoding: Annotated[str, typer.Option(help="utf-8 or gb18030; found when not given.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Check only (catalog, offline files).")] = False,
    json_: AsJson = False,
) -> None:
    """Import a file. Example: queqiao import online-retail onlineretail.csv.gz.

    Works on the running system of the home; when none runs, one is started for the time being.
    """
    known = settings(home, config)
    if not path.exists():
        message = Message(f"没有这个文件：{path}", f"no such file: {path}")
        raise InvalidInput(FieldError("path", message))
    if kind == "complete-journey" and not known.clock.accept_header:
        raise InvalidInput(FieldError("clock.accept_header", NEEDS_TIME))
    with local_system.running(known, config) as address:
        if kind == "catalog":
            money = currency or known.shop.currency
            good = import_catalog(known, address, path, money, dry_run=dry_run, as_json=json_)
        elif kind in OFFLINE or (kind == "orders" and (mapping or encoding or dry_run)):
            asked = FileImport(
                kind, path, columns_of(column or []), mapping, encoding, currency or "",
                timezone or "", dry_run,
            )  # fmt: skip
            good = import_offline(known, address, asked, as_json=json_)
        elif kind == "complete-journey":
            good = import_journey(known, address, path)
        else:
            options = ImportOptions(
                columns_of(column or []),
                currency or known.shop.currency,
                timezone or known.shop.timezone,
            )
            good = import_events(known, address, cast("Kind", kind), path, options, as_json=json_)
    if not good:
        raise typer.Exit(1)


def import_events(
    known: Settings,
    address: Address,
    kind: Kind,
    path: Path,
    options: ImportOptions,
    *,
    as_json: bool,
) -> bool:
    """Import a file of events or orders and print its account; say whether all of it was taken.

    The rows of a known data set that are no orders are part of its account, and no failure.
    """
    before = bad_rows.newest(known, address)
    report = asyncio.run(send(known, address, kind, path, options))
    wait_until_loaded(known, address)
    refused = bad_rows.since(known, address, before, key_name(kind))
    if as_json:
        out.print(_json(report.as_json() | {"refused": refused}))
    else:
        out.print(report.as_text(language()))
        out.print("\n".join(f"  ✗ {row['path']}: {row['reason']}" for row in refused), end="")
    if kind == "online-retail":
        return report.accounted
    return report.accounted and not report.bad_rows and not refused


def key_name(kind: Kind) -> str:
    """Return the name of the key by which a kind of file comes: the source of its events."""
    return f"import {kind}"


def columns_of(pairs: list[str]) -> dict[str, str]:
    """Return the mapping of column names. Raises InvalidInput."""
    named = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(named) != len(pairs):
        message = Message("写成 我们的列=文件的列", "write our_column=their_column")
        raise InvalidInput(FieldError("--column", message))
    return named


async def send(
    known: Settings, address: Address, kind: Kind, path: Path, options: ImportOptions
) -> ImportReport:
    """Send a file's events through the intake, with progress."""
    key = local_system.key(known, "intake", key_name(kind))
    words = TextColumn("{task.description}")
    with Progress(SpinnerColumn(), words, TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task(path.name, total=None)

        def tell(rows: int, events: int) -> None:
            bar.update(task, description=f"{path.name}: {rows:,} rows, {events:,} events")

        async with httpx.AsyncClient(base_url=address.base_url, timeout=TIMEOUT_S) as http:
            client = IntakeClient(http, key)
            return await import_file(kind, path, client, options, progress=tell)


def wait_until_loaded(known: Settings, address: Address) -> None:
    """Return when every event taken so far is in the reports. Raises Unavailable."""
    headers = {"authorization": f"Bearer {local_system.key(known, 'read')}"}
    deadline = time.monotonic() + LOADED_WITHIN_S
    target = None
    with httpx.Client(base_url=address.base_url, headers=headers, timeout=TIMEOUT_S) as http:
        while time.monotonic() < deadline:
            answer = http.get("/api/v1/system")
            # A busy system may say "try again"; then it is asked again.
            if answer.is_success:
                state = answer.json()
                target = state["log_end"] if target is None else target
                if state["loaded"] >= target:
                    return
            time.sleep(0.2)
    raise Unavailable(Message("事件已接收，但尚未入库", "taken, but not loaded yet"))


def import_catalog(
    known: Settings,
    address: Address,
    path: Path,
    currency: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> bool:
    """Import goods from CSV or XLSX and print what was not taken; say whether all was."""
    media_type = MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None:
        message = Message("文件应为 .csv 或 .xlsx", "the file must be .csv or .xlsx")
        raise InvalidInput(FieldError("path", message))
    headers = {
        "authorization": f"Bearer {local_system.key(known, 'admin')}",
        "content-type": media_type,
        "accept-language": language(),
    }
    answer = httpx.post(
        f"{address.base_url}/api/v1/catalog/import",
        params={"dry_run": str(dry_run).lower(), "currency": currency},
        content=path.read_bytes(),
        headers=headers,
        timeout=TIMEOUT_S,
    )
    body = checked(answer)
    if as_json:
        out.print(_json(body))
    else:
        out.print(f"{path.name}: {body['rows']} rows, {body['accepted']} ✓, {body['rejected']} ✗")
        for found in body["problems"]:
            out.print(f"  {found['row']}  {found['column']}: {found['message']}")
    return not body["rejected"]


def import_journey(known: Settings, address: Address, folder: Path) -> bool:
    """Replay a Complete Journey folder; say whether its sales equal the reports' gross."""
    keys = [local_system.key(known, scope, "import journey") for scope in ("admin", "intake")]
    found = asyncio.run(complete_journey.replay(folder, address.base_url, *keys))
    out.print("\n".join(found.lines()))
    return found.equal


def checked(answer: httpx.Response) -> dict[str, Any]:
    """Return an answer's JSON. Raises InvalidInput with the server's words for a problem."""
    body: dict[str, Any] = answer.json()
    if answer.is_success:
        return body
    words = f"{body.get('title', '')} {body.get('detail', '')}".strip()
    told = [
        FieldError(e["path"], Message(e["detail"], e["detail"])) for e in body.get("errors", [])
    ]
    raise InvalidInput(*told, detail=Message(words, words))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
