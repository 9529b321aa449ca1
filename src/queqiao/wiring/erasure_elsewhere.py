"""What an erasure clears outside the warehouse and the log: bad rows, and bodies of webhooks."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from unicodedata import normalize

from queqiao.collect.bad_rows_naming import naming
from queqiao.collect.rpc_methods import RemoteBadRows
from queqiao.kernel.clock import Clock
from queqiao.ports.records.base import Records
from queqiao.ports.rpc import RpcClient
from queqiao.process.erasure_book import Subject
from queqiao.process.identifiers import OF_DEVICES, PERSONAL, identifier
from queqiao.reach import deliveries
from queqiao.wiring.settings import Settings

ROWS_AT_ONCE = 500
KINDS = (*PERSONAL, *OF_DEVICES)


class ErasureElsewhere:
    """Used by the eraser, in the analytics role."""

    def __init__(
        self, records: Records, bad_rows: RemoteBadRows, bad_rows_folder: Path, clock: Clock
    ) -> None:
        self._records = records
        self._bad_rows = bad_rows
        self._folder = bad_rows_folder
        self._clock = clock

    async def clear(self, subject: Subject, offsets: Sequence[int]) -> None:
        """Empty the bad rows that name a person, and clear the deliveries of their events."""
        ids = list(subject.numbers)
        rows = await asyncio.to_thread(naming, self._folder, ids, _is_theirs(subject))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            await self._bad_rows.empty(rows[start : start + ROWS_AT_ONCE])
        now_us = self._clock.now_us()
        await self._records.write(lambda conn: deliveries.clear(conn, offsets, now_us))
        await self._records.forget()


def _is_theirs(subject: Subject) -> Callable[[str], bool]:
    ids = {normalize("NFC", one) for one in subject.numbers}
    held = frozenset(subject.identifiers)

    def is_theirs(text: str) -> bool:
        if text in ids:
            return True
        return bool(held) and any(identifier(kind, text) in held for kind in KINDS)

    return is_theirs


def elsewhere(settings: Settings, records: Records, clock: Clock) -> ErasureElsewhere:
    """Return it for a home."""
    bad_rows = RemoteBadRows(RpcClient(settings.socket("intake.rpc")))
    return ErasureElsewhere(records, bad_rows, settings.home / "bad_rows", clock)
