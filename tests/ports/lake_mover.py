"""Carries a lake over in a process of its own, slowly, which a test kills: FOLDER URL BOOK."""

import sys
import time
from pathlib import Path

from queqiao.kernel.clock import SystemClock
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.move import LakeMove
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.wiring.lakes import on_servers


def lake_at(url: str) -> Lake:
    """Return the lake at a URL, or at a path."""
    return ParquetFolder(Path(url)) if url.startswith("/") else on_servers(url, SystemClock())


def told(done: int, of_all: int) -> None:
    print(done, of_all, flush=True)
    time.sleep(0.05)


if __name__ == "__main__":
    folder, url, book = sys.argv[1:]
    target = lake_at(url)
    moving = LakeMove(ParquetFolder(Path(folder)), target, ("events", "profiles"), Path(book))
    moving.begin(url)
    moving.run(told)
