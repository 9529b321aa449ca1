"""From the URL of the profile rows to their adapter."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from queqiao.ports.profile_rows.base import SETTING, Family, ProfileRows
from queqiao.wiring.extras import extra


def open_rows(url: str, home: Path, families: Sequence[Family]) -> ProfileRows:
    """Return the store that a URL names, a file under ``home``. Nothing is asked of it yet.

    Raises InvalidInput for a URL that names none, or a client that is not installed.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        from queqiao.ports.profile_rows.sqlite import SqliteRows  # noqa: PLC0415  # only when named

        return SqliteRows(home / urlsplit(url).path, families)
    if scheme == "hbase":
        with extra(SETTING, "hbase"):
            from queqiao.ports.profile_rows.hbase import HbaseRows  # noqa: PLC0415  # likewise
        return HbaseRows(url, families)
    with extra(SETTING, "redis"):
        from queqiao.ports.profile_rows.redis import RedisRows  # noqa: PLC0415  # likewise
    return RedisRows(url, families)
