"""What is asked of a Flink cluster by its REST interface."""

import json
import time
from typing import Any
from urllib.request import Request, urlopen

ENDED = {"FAILED", "CANCELED", "FINISHED"}
_TIMEOUT_S = 10
_END_S = 60


def end_former(cluster: str, name: str) -> None:
    """Cancel the job of this name, if one runs, and wait: two would go on from one checkpoint.

    It is there when the client that began it was killed. Raises TimeoutError if it does not end.
    """
    until = time.monotonic() + _END_S
    while running := [job for job in _jobs(cluster) if job["name"] == name]:
        if time.monotonic() > until:
            raise TimeoutError(f"a former job {running[0]['jid']} does not end")
        for job in running:
            _ask(f"{cluster}/jobs/{job['jid']}", "PATCH")
        time.sleep(1)


def _jobs(cluster: str) -> list[dict[str, Any]]:
    """Return the jobs that have not ended."""
    found: list[dict[str, Any]] = _ask(f"{cluster}/jobs/overview")["jobs"]
    return [job for job in found if job["state"] not in ENDED]


def knows_python(cluster: str) -> bool:
    """Say whether what Python functions need is among what the cluster starts with.

    If it is not it goes along with each job, whose classes a task manager then loads once more, and
    never forgets: some jobs later its metaspace is full and it ends.
    """
    started_with: list[str] = _ask(f"{cluster}/jobmanager/environment")["classpath"]
    return any("flink-python" in one for one in started_with)


def heartbeats_us(cluster: str) -> list[int]:
    """Return when each task manager was last heard of, by the job manager's clock."""
    found = _ask(f"{cluster}/taskmanagers")["taskmanagers"]
    return [one["timeSinceLastHeartbeat"] * 1000 for one in found]


def version(cluster: str) -> str:
    """Return the version of the cluster. Raises OSError when it does not answer."""
    found: str = _ask(f"{cluster}/config")["flink-version"]
    return found


def _ask(url: str, method: str = "GET") -> Any:
    with urlopen(Request(url, method=method), timeout=_TIMEOUT_S) as answer:  # noqa: S310  # http only
        return json.loads(answer.read() or b"{}")
