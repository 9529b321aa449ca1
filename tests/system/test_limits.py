"""The limit of a source on the whole system: set in the file, kept by both lanes of the intake."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import running_system
from tests.system.things import good

pytestmark = pytest.mark.system


def test_a_flooding_source_is_told_to_wait(tmp_path: Path) -> None:
    settings = "[intake]\nevents_per_source_per_s_max = 2\n"
    (tmp_path / "queqiao.toml").write_text(settings, encoding="utf-8")
    calls = [{"type": "track", "event": "Tested", "userId": "u"} for _ in range(200)]
    with running_system(home=tmp_path) as system:
        sent: dict[str, Any] = {"auth": (system.intake_key, "")}
        with httpx.Client(base_url=system.base_url, timeout=30) as client:
            good(client.post("/v1/batch", json={"batch": calls}, **sent))
            for lane in ({}, {"queqiao-now": "2026-01-01T00:00:00Z"}):
                refused = client.post("/v1/batch", json={"batch": calls}, headers=lane, **sent)
                assert refused.status_code == 429, refused.text
                assert 80 <= int(refused.headers["retry-after"]) <= 100
