"""A copy of the embedded log while its writer goes on: all events up to one offset.

The dedup index is left out: it follows from the log, and is made again where it is missing.
"""

import shutil
from pathlib import Path

from queqiao.ports.event_log.apart import Apart
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.offsets import NAME as OFFSETS
from queqiao.ports.event_log.sources import NAME as SOURCES
from queqiao.ports.journal import copy_journal


def copy_log(source: Path, target: Path) -> int:
    """Copy a log to a new folder; return its last offset there. From any process.

    Raises Broken when the log is damaged.
    """
    copy_journal(source, target)
    for name in (OFFSETS, SOURCES):
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    apart = Apart(source)
    apart.copy_to(target)
    apart.close()
    return _last(target)


def _last(folder: Path) -> int:
    """Return the last offset: the watermark's mark may be one commit behind its position."""
    reader = EmbeddedEventLogReader(folder)
    last = reader.end()
    for records in reader.records(max(0, last - 1)):
        last = records.last
    reader.close()
    return last
