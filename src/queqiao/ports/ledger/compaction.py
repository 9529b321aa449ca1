"""Keeping the ledger's files and memory short: old keys, and segments that a snapshot covers."""

import asyncio
from itertools import pairwise
from pathlib import Path

from queqiao.ports.journal.base import segment_name
from queqiao.ports.journal.reader import segment_bases
from queqiao.ports.ledger.base import IDLE_KEYS_KEPT_US
from queqiao.ports.ledger.state import LedgerState

_KEYS_AT_A_TIME = 10_000
"""About 2 ms of work between two looks at the event loop."""


async def forget_old_keys(state: LedgerState) -> None:
    """Drop the keys whose time of remembrance is over, letting steps through in between.

    When even the oldest key is too young, there is nothing to look for.
    """
    if state.latest_us - state.oldest_us <= IDLE_KEYS_KEPT_US:
        return
    state.oldest_us = state.latest_us
    keys = list(state.holdings)
    for start in range(0, len(keys), _KEYS_AT_A_TIME):
        state.forget_old(keys[start : start + _KEYS_AT_A_TIME])
        await asyncio.sleep(0)


def drop_before(journal_folder: Path, position: int) -> None:
    """Remove the segments all of whose frames lie before a position; the last one stays."""
    bases = segment_bases(journal_folder)
    for base, following in pairwise(bases):
        if following <= position:
            (journal_folder / segment_name(base)).unlink()
