"""A row that a transform's windows call too late, from the door to the corrections."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from bench.harness import running_system
from tests.system.commands import queqiao

pytestmark = [pytest.mark.system]


def run(system) -> dict:
    done = queqiao("transforms", "run", "events_a_minute", "--json", home=system.home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(120)
def test_a_late_row_of_a_window_is_among_the_corrections_once() -> None:
    now = datetime.now(UTC)
    with running_system() as system:
        headers = {"authorization": f"Bearer {system.admin_key}"}
        with httpx.Client(base_url=system.base_url, headers=headers) as admin:
            for message_id, days in (("today", 0), ("old", 10)):
                at = (now - timedelta(days=days)).isoformat()
                sent = {"type": "track", "event": "Ping", "anonymousId": "d", "timestamp": at,
                        "messageId": message_id}  # fmt: skip
                admin.post("/v1/batch", json={"batch": [sent]}).raise_for_status()
            first = run(system)
            assert (first["results"], first["too_late"]) == (1, 1)
            assert first["late"] == {"recorded": 1, "known": 0, "unknown": 0}
            assert run(system)["late"] == {"recorded": 0, "known": 1, "unknown": 0}
            asked = {"transform": "events_a_minute"}
            (line,) = admin.get("/api/v1/corrections", params=asked).json()["items"]
            assert (line["offset"], line["moved"]) == (2, {"events": 1})
