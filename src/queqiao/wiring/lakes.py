"""From the URLs of the lake and of its catalogue to their adapters."""

from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from queqiao.kernel.clock import Clock
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.catalogue import CataloguedLake
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.tier import LAKE_TABLE
from queqiao.profile import snapshots
from queqiao.wiring import steady_clock
from queqiao.wiring.extras import extra
from queqiao.wiring.settings import Settings

if TYPE_CHECKING:
    from queqiao.ports.lake.hdfs import HdfsLake
    from queqiao.ports.lake.hive import HiveCatalogue
    from queqiao.ports.lake.s3 import S3Lake

TABLES = (LAKE_TABLE, snapshots.TABLE)
"""The tables of the lake that a catalogue shows."""


def lake(settings: Settings) -> Lake:
    """Return the lake, which tells its catalogue what it publishes where one is named."""
    return catalogued(settings) or bare(settings)


def catalogued(settings: Settings) -> CataloguedLake | None:
    """Return the lake with its catalogue; None when no catalogue is named."""
    found = catalogue(settings)
    return CataloguedLake(bare(settings), found, TABLES) if found else None


def catalogue(settings: Settings) -> "HiveCatalogue | None":
    """Return the catalogue; None when none is named."""
    url = settings.ports.lake_catalogue
    if not url:
        return None
    with extra("ports.lake_catalogue", "hive"):
        from queqiao.ports.lake.hive import HiveCatalogue  # noqa: PLC0415  # only when named
    return HiveCatalogue(url)


def bare(settings: Settings) -> Lake:
    """Return the lake without its catalogue."""
    url = settings.ports.lake
    if urlsplit(url).scheme == "file":
        return ParquetFolder(settings.path_of(url))
    return on_servers(url, steady_clock.clock_of(settings.home))


def on_servers(url: str, clock: Clock) -> "HdfsLake | S3Lake":
    """Return the lake in HDFS or in an object store. Raises InvalidInput without its client."""
    if urlsplit(url).scheme == "hdfs":
        with extra("ports.lake", "hdfs"):
            from queqiao.ports.lake.hdfs import HdfsLake  # noqa: PLC0415  # only when named
        return HdfsLake(url, _new_id)
    with extra("ports.lake", "s3"):
        from queqiao.ports.lake.s3 import S3Lake  # noqa: PLC0415  # only when named
    return S3Lake(url, clock, _new_id)


def _new_id() -> str:
    """Return eight hexadecimal digits: one content of a partition against the few others."""
    return token_hex(4)
