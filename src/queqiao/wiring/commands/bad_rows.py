"""What the intake refused of an import: its answer to a batch does not tell, its bad rows do."""

from typing import Any

import httpx

from queqiao.wiring import local_system
from queqiao.wiring.commands.language import language
from queqiao.wiring.local_system import Address
from queqiao.wiring.settings import Settings

TOLD_MAX = 500
"""So many are told by name; the rest is on the console."""
NONE = -1


def newest(known: Settings, address: Address) -> int:
    """Return the id of the newest bad row, NONE when there is none."""
    rows = _page(known, address, 1)
    return int(rows[0]["id"]) if rows else NONE


def since(known: Settings, address: Address, before: int, source: str) -> list[dict[str, Any]]:
    """Return the bad rows of a source that are newer than one, oldest first, ``TOLD_MAX`` at most.

    Each has its ``id``, ``path`` and ``reason``.
    """
    rows = [
        {name: row[name] for name in ("id", "path", "reason")}
        for row in _page(known, address, TOLD_MAX)
        if int(row["id"]) > before and row["source"] == source
    ]
    return rows[::-1]


def _page(known: Settings, address: Address, limit: int) -> list[dict[str, Any]]:
    headers = {
        "authorization": f"Bearer {local_system.key(known, 'read')}",
        "accept-language": language(),
    }
    answer = httpx.get(
        f"{address.base_url}/api/v1/bad-rows", params={"limit": limit}, headers=headers, timeout=60
    )
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows
