"""Retention as scheduled work: what the settings no longer keep is deleted from the records."""

from queqiao.kernel.clock import DAY_US, Clock
from queqiao.ports.records.base import Records
from queqiao.ports.records.retention import Keep, prune
from queqiao.wiring.settings import Retention

EVERY_S = 3_600.0


async def cut(records: Records, kept: Retention, clock: Clock) -> int:
    """Delete old audit rows and old versions of the change feed; return how many rows went."""
    since_us = clock.now_us() - kept.audit_days * DAY_US
    return await prune(records, Keep(since_us, kept.changes_rows))
