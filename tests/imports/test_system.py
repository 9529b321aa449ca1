"""A whole system: the role that imports is killed in the middle, and nothing is lost or twice."""

import os
import signal
import time
from typing import Any

import httpx
from bench.harness import running_system

from queqiao.wiring.commands.imports import FileImport, _started, _uploaded

ROWS = 6_000


def _over(http: httpx.Client, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = _job(http, job_id)
        if job["status"] not in {"queued", "running"}:
            return job
        time.sleep(0.05)
    raise AssertionError("the import did not end")


def _job(http: httpx.Client, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/api/v1/jobs/{job_id}").raise_for_status().json()
    return found


def _kill_collector(http: httpx.Client) -> None:
    roles = http.get("/api/v1/system").raise_for_status().json()["roles"]
    os.kill(next(one["pid"] for one in roles if one["name"] == "collector"), signal.SIGKILL)


def test_an_import_survives_kills_of_its_role(tmp_path) -> None:
    rows = [f"店,{n},2026/6/1 12:00,C,1,{n % 90 + 1}.01\n" for n in range(ROWS)]
    path = tmp_path / "receipts.csv"
    path.write_text("门店,小票号,交易时间,商品编码,数量,实付金额\n" + "".join(rows))
    with running_system() as system:
        headers = {"authorization": f"Bearer {system.admin_key}"}
        with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as http:
            while http.get("/api/v1/system").status_code != 200:
                time.sleep(0.05)
            upload = _uploaded(http, path)
            job_id = _started(http, upload, FileImport("receipts", path))["id"]
            for _ in range(2):
                read = _job(http, job_id)["rows_read"]
                while read == _job(http, job_id)["rows_read"] < ROWS:
                    time.sleep(0.005)
                _kill_collector(http)
                assert read < ROWS, "killed in the middle"
            job = _over(http, job_id)
            assert job["status"] == "done"
            assert job["rows"]["taken"] == ROWS
            assert job["events"]["stored"] + job["events"]["known"] == ROWS
            assert http.get("/api/v1/system").json()["log_end"] == ROWS
            again = _over(http, _started(http, upload, FileImport("receipts", path))["id"])
            assert again["events"]["known"] == ROWS
            assert http.get("/api/v1/system").json()["log_end"] == ROWS
