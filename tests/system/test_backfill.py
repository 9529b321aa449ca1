"""Changed settings make history again at the next start; ``queqiao backfill`` does so by hand."""

from pathlib import Path

import httpx
import msgspec
import pytest
from bench.harness import System, running_system
from tests.system.commands import queqiao
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system

PAUSE_MINUTES = 20


def visits(system: System) -> int:
    asked = {"metrics": ["sessions"], "dimensions": []}
    with admin(system) as client:
        return good(client.post("/api/v1/reports/query", json=asked))["rows"][0][0]


def pipeline(system: System) -> dict:
    with admin(system) as client:
        return good(client.get("/api/v1/pipeline"))


def browse(system: System) -> None:
    """Three looks of one device, twenty minutes apart."""
    event = {"type": "track", "event": "Product Viewed", "anonymousId": "d"}
    batch = [
        event | {"messageId": f"m{n}", "timestamp": f"2026-06-18T10:{n * PAUSE_MINUTES:02}:00Z"}
        for n in range(3)
    ]
    auth = (system.intake_key, "")
    good(httpx.post(f"{system.base_url}/v1/batch", auth=auth, json={"batch": batch}))
    until(lambda: pipeline(system)["loaded"] == len(batch), 10)


def test_history_is_made_again_by_other_settings_and_by_hand(tmp_path: Path) -> None:
    settings, home = tmp_path / "queqiao.toml", tmp_path / "home"
    settings.write_text("")
    options = ["--config", str(settings)]
    with running_system(options, home=home) as system:
        browse(system)
        assert visits(system) == 1
        told = queqiao("backfill", "--json", home=system.home)
        assert told.returncode == 0, told.stderr
        state = msgspec.json.decode(told.stdout)
        last = state.pop("last")
        assert state == {"phase": "none", "offset": 3, "of_offset": 3, "begun_at": "", "cause": ""}
        assert (last["cause"], last["events"]) == ("asked", 3)
        assert last["begun_at"] < last["swapped_at"]
        assert visits(system) == 1
        waits = queqiao("backfill", "--no-wait", "--json", home=system.home)
        assert msgspec.json.decode(waits.stdout)["of_offset"] == 3
        until(lambda: pipeline(system)["backfill"]["phase"] == "none", 10)
    settings.write_text(f"[sessions]\ngap_minutes = {PAUSE_MINUTES - 1}\n")
    with running_system(options, home=home) as system:
        until(lambda: visits(system) == 3, 15)
        until(lambda: pipeline(system)["backfill"]["phase"] == "none", 10)
        said = queqiao("backfill", "--status", home=system.home, LANG="en_US.UTF-8")
        at = pipeline(system)["backfill"]["last"]["swapped_at"]
        assert said.stdout.strip() == f"no backfill is under way; the last swapped in at {at}"
