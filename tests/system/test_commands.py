"""The command line: its verbs on a running system, its words, its exit codes."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.commands import queqiao
from tests.system.things import admin, good
from tests.system.waiting import until
from typer.main import get_command

from queqiao.wiring.command_line import application

pytestmark = pytest.mark.system

GOOD, NO, USAGE = 0, 1, 2
CATALOG = """product_id,name,sku,price,currency
C1,茶,C1-S,12.50,CNY
C2,tea,C2-S,not a price,CNY
"""


def verbs() -> list[tuple[str, ...]]:
    """Return every command with its words."""

    def below(command: object, words: tuple[str, ...]) -> list[tuple[str, ...]]:
        commands = getattr(command, "commands", None)
        if commands is None:
            return [words]
        return [found for name in commands for found in below(commands[name], (*words, name))]

    return below(get_command(application), ())


def test_every_help_has_an_example() -> None:
    root = get_command(application)
    without = []
    for words in verbs():
        command = root
        for word in words:
            command = command.commands[word]
        if "Example: queqiao " + " ".join(words) not in (command.help or "").replace("\n", " "):
            without.append(words)
    assert without == []
    assert {words[0] for words in verbs()} >= {"serve", "demo", "import", "keys", "doctor"}


def test_help_is_printed_and_wrong_usage_is_2() -> None:
    told = queqiao("import", "--help")
    assert (told.returncode, "Example" in told.stdout) == (GOOD, True)
    assert queqiao("import").returncode == USAGE
    assert queqiao("keys", "create", "--scope", "all").returncode == USAGE
    assert queqiao("nonsense").returncode == USAGE


def test_a_key_is_made_beside_the_running_system(system: System) -> None:
    made = queqiao("keys", "create", "--scope", "read", "--name", "t", "--json", home=system.home)
    assert made.returncode == GOOD, made.stderr
    found = json.loads(made.stdout)
    assert found["scope"] == "read"
    headers = {"authorization": f"Bearer {found['secret']}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=10) as client:
        until(lambda: client.get("/api/v1/shop").is_success, 2)
        refused = client.post("/api/v1/products/bulk", json={"products": []})
    assert refused.status_code == 403


def test_doctor_says_what_it_saw(system: System) -> None:
    seen = queqiao("doctor", "--json", home=system.home)
    found = {one["name"]: one for one in json.loads(seen.stdout)}
    assert found["system"]["good"], found
    assert found["records"]["good"], found
    assert found["warehouse"]["good"], found
    assert found["old_events"]["good"], found
    _, told = found["old_events"]["detail"]
    assert "looked at 20" in told, "the running system was asked"
    assert seen.returncode == (GOOD if all(one["good"] for one in found.values()) else NO)


def test_sign_in_prints_a_link_that_works_once(system: System) -> None:
    link = json.loads(queqiao("sign-in", "--json", home=system.home).stdout)
    assert link["url"].startswith(system.base_url)
    path, body = f"{system.base_url}/api/v1/session", {"token": link["token"]}
    assert httpx.post(path, json=body, timeout=10).status_code == 200
    assert httpx.post(path, json=body, timeout=10).status_code == 401


def test_the_ledger_is_proven(system: System) -> None:
    proven = queqiao("verify", "ledger", "--json", home=system.home)
    assert proven.returncode == GOOD, proven.stderr
    assert json.loads(proven.stdout)["balanced"] is True


def test_every_error_of_the_settings_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text(
        '[server]\nport = "eighty"\nworkers = 0\n[shop]\ncurrency = "coins"\n'
        'timezone = "Mars/Base"\n[nonsense]\na = 1\n[ports]\nledger = "gopher:x"\n',
        encoding="utf-8",
    )
    told = queqiao("config", "check", "--config", file, home=tmp_path)
    assert told.returncode == NO
    wrong = ("server.port", "server.workers", "shop.currency", "shop.timezone", "nonsense")
    assert [name for name in (*wrong, "ports.ledger") if name not in told.stderr] == []
    chinese = queqiao("config", "check", "--config", file, home=tmp_path, LC_ALL="zh_CN.UTF-8")
    assert "应以" in chinese.stderr
    assert queqiao("config", "check", home=tmp_path / "none").returncode == GOOD


def test_settings_are_shown_without_passwords(tmp_path: Path) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text('[ports]\nrecords = "postgresql://shop:hunter2@db:5432/shop"\n', "utf-8")
    told = queqiao("config", "check", "--config", file, "--json", home=tmp_path)
    assert told.returncode == GOOD
    assert "hunter2" not in told.stdout
    assert "postgresql://shop:***@db:5432/shop" in told.stdout


def test_a_catalogue_is_imported_and_a_dry_run_writes_nothing(
    system: System, tmp_path: Path
) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(CATALOG, encoding="utf-8")
    tried = queqiao("import", "catalog", file, "--dry-run", "--json", home=system.home)
    assert tried.returncode == NO, "a file with a bad cell is no good file"
    report = json.loads(tried.stdout)
    assert (report["rows"], report["rejected"], report["dry_run"]) == (2, 1, True)
    assert [(p["row"], p["column"]) for p in report["problems"]] == [(3, "price")]
    with admin(system) as client:
        assert client.get("/api/v1/products/C1").status_code == 404
        assert queqiao("import", "catalog", file, home=system.home).returncode == NO
        found = good(client.get("/api/v1/products/C1"))
        assert found["skus"][0]["price_minor"] == 1_250
        assert client.get("/api/v1/products/C2").status_code == 404
    missing = queqiao("import", "catalog", tmp_path / "none.csv", home=system.home)
    assert (missing.returncode, "path" in missing.stderr) == (NO, True)


def test_files_of_events_and_orders_answer_no_when_a_row_was_not_taken(
    system: System, tmp_path: Path
) -> None:
    """Rows that cannot be read and those that the intake refuses are both named, the rest is in."""

    def run(kind: str, name: str, text: str) -> tuple[int, dict[str, Any]]:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        done = queqiao("import", kind, file, "--json", home=system.home)
        return done.returncode, json.loads(done.stdout)

    good_call = '{"type":"track","event":"Tried","messageId":"try-1","userId":"u"}\n'
    code, told = run("events", "good.jsonl", good_call)
    assert (code, told["bad_rows"], told["refused"]) == (GOOD, [], [])
    broken = '{"type":"track"\n'
    code, told = run("events", "broken.jsonl", good_call + broken)
    assert (code, [bad["row"] for bad in told["bad_rows"]], told["refused"]) == (NO, [2], [])
    wrong = '{"type":"track","event":"Order Completed","messageId":"try-2","userId":"u"}\n'
    code, told = run("events", "wrong.jsonl", wrong + good_call.replace("try-1", "try-3"))
    assert (code, told["bad_rows"], len(told["refused"])) == (NO, [], 1)
    assert {"id", "path", "reason"} == told["refused"][0].keys()

    head = "order_id,time,sku,quantity,price\n"
    row = "O1,2026-06-18 12:00:00,S1,1,9.90\n"
    code, told = run("orders", "good.csv", head + row)
    assert (code, told["bad_rows"], told["refused"]) == (GOOD, [], [])
    code, told = run("orders", "bad.csv", head + row.replace("O1", "O2") + "O3,never,S1,1,9.90\n")
    assert (code, [bad["column"] for bad in told["bad_rows"]]) == (NO, ["time"])
    with admin(system) as client:
        for message_id in ("try-1", "try-3"):
            assert good(client.get(f"/api/v1/receipts/{message_id}"))
