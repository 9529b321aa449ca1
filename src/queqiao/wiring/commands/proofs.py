"""``queqiao doctor``, ``queqiao config check`` and ``queqiao verify``: what can be proven."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import typer

from queqiao.kernel.errors import QueqiaoError
from queqiao.wiring import local_system
from queqiao.wiring.commands import engines
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import mark, out
from queqiao.wiring.doctor import examine
from queqiao.wiring.settings import Settings, redacted

PROOF_WITHIN_S = 120
"""How long a proof may take: it reads everything."""

verify = typer.Typer(help="Proofs.", no_args_is_help=True)
verify.command("engine")(engines.engine)


def doctor(home: Home = None, config: Config = None, json_: AsJson = False) -> None:
    """Look at everything a system needs. Example: queqiao doctor --home /var/lib/queqiao."""
    findings = list(examine(settings(home, config)))
    if json_:
        out.print(msgspec.json.encode(findings).decode())
    else:
        for finding in findings:
            detail = finding.detail.in_language(language())
            out.print(mark(finding.good), f"{finding.name:<10} {detail}")
            if finding.cure is not None:
                out.print(f"  {'':<10} → {finding.cure.in_language(language())}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def check_config(home: Home = None, config: Config = None, json_: AsJson = False) -> None:
    """Read the settings file and list every error. Example: queqiao config check."""
    known = settings(home, config)
    shown = {
        field.name: _without_passwords(msgspec.to_builtins(getattr(known, field.name)))
        for field in msgspec.structs.fields(type(known))
        if field.name != "home"
    }
    out.print(
        json.dumps(shown, ensure_ascii=False) if json_ else "✓ 配置无误  the settings are good"
    )


def _without_passwords(value: Any) -> Any:
    """Return settings as JSON shows them, the passwords of their URLs hidden."""
    if isinstance(value, dict):
        return {name: _without_passwords(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_passwords(one) for one in value]
    return redacted(value) if isinstance(value, str) and "://" in value else value


def _asked(known: Settings, config: Config, path: str) -> httpx.Response:
    """Ask a running system for a proof, which may take it a while. Raises QueqiaoError."""
    with local_system.running(known, config) as address:
        answer = httpx.get(
            f"{address.base_url}{path}",
            headers={"authorization": f"Bearer {local_system.key(known, 'read')}"},
            timeout=PROOF_WITHIN_S,
        )
    if answer.status_code >= 500:
        raise QueqiaoError
    return answer


@verify.command()
def ledger(home: Home = None, config: Config = None, json_: AsJson = False) -> None:
    """Recompute the ledger's books from its entries. Example: queqiao verify ledger."""
    answer = _asked(settings(home, config), config, "/api/v1/ledger/proof")
    proof = answer.json()
    out.print(json.dumps(proof) if json_ else _words(proof))
    if not proof["balanced"]:
        raise typer.Exit(1)


@verify.command()
def promotions(home: Home = None, config: Config = None, json_: AsJson = False) -> None:
    """Hold the ledger against the log, for each promotion. Example: queqiao verify promotions."""
    answer = _asked(settings(home, config), config, "/api/v1/ledger/promotions")
    books = answer.json()
    out.print(json.dumps(books) if json_ else _compared(books))
    if not books["agrees"]:
        raise typer.Exit(1)


def _compared(books: dict[str, Any]) -> str:
    lines = ["✓ 账本与日志一致  they agree" if books["agrees"] else "✗ 不一致  they differ"]
    lines += [
        f"{mark(one['agrees'])} {one['promotion_id']}: {one['spent_in_ledger']} = {one['spent']}"
        f" ({one['orders']} orders)"
        for one in books["promotions"]
    ]
    return "\n".join(lines)


@verify.command()
def flash_sale(
    sale_id: str, home: Home = None, config: Config = None, json_: AsJson = False
) -> None:
    """Hold a sale's books against its events and orders. Example: queqiao verify flash-sale 618."""
    path = f"/api/v1/flash-sales/{quote(sale_id, safe='')}/reconciliation"
    answer = _asked(settings(home, config), config, path)
    if answer.status_code == 404:
        raise typer.BadParameter("no such flash sale / 没有这场秒杀")
    told = answer.json()
    out.print(json.dumps(told) if json_ else _sale_words(told))
    if not told["agrees"]:
        raise typer.Exit(1)


def _sale_words(told: dict[str, Any]) -> str:
    verdict = "✓ 账实相符  books and events agree" if told["agrees"] else "✗ 对不上  they differ"
    counted = (
        f"{verdict}: {told['sold']} sold, {told['committed']} committed,"
        f" {told['returned']} returned, {told['ordered']} in orders"
    )
    differing = [
        f"{item['session']} {item['sku']}: {item['sold']} sold,"
        f" {item['committed']} - {item['returned']} told"
        for item in told["items"]
        if not item["agrees"]
    ]
    return "\n".join([counted, *differing])


def _words(proof: dict[str, Any]) -> str:
    verdict = "✓ 账实相符  the books balance" if proof["balanced"] else "✗ 账不平  they do not"
    counted = f"{verdict}: {proof['counters']} counters, {proof['entries']} entries"
    return "\n".join([counted, *proof["faults"]])
