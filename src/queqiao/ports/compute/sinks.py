"""Sinks: in memory, and a folder of Parquet files."""

import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class MemorySink:
    """Keeps the tables of each epoch in memory."""

    def __init__(self) -> None:
        self.epochs: dict[int, dict[str, pa.Table]] = {}

    def begin(self, epoch: int) -> None:
        """Forget later epochs."""
        self.epochs = {number: kept for number, kept in self.epochs.items() if number <= epoch}

    def write(self, epoch: int, outputs: Mapping[str, pa.Table]) -> None:
        """Keep an epoch."""
        self.epochs[epoch] = dict(outputs)

    def read(self, name: str) -> pa.Table | None:
        """Return all rows of an output, in the order of the epochs, None if there were none."""
        tables = [self.epochs[n][name] for n in sorted(self.epochs) if name in self.epochs[n]]
        return pa.concat_tables(tables) if tables else None


class ParquetSink:
    """A folder with one file an epoch and output: ``results-0000000001.parquet``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def begin(self, epoch: int) -> None:
        """Remove the files of later epochs, and what a killed writer left."""
        for path in self._folder.iterdir():
            if path.suffix == ".new" or int(path.stem.rsplit("-", 1)[1]) > epoch:
                path.unlink()
        self._sync_folder()

    def write(self, epoch: int, outputs: Mapping[str, pa.Table]) -> None:
        """Write and fsync each file, then give it its name."""
        for name, rows in outputs.items():
            path = self._folder / f"{name}-{epoch:010}.parquet"
            new = path.with_suffix(".new")
            with new.open("wb") as file:
                pq.write_table(rows, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            new.rename(path)
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, name: str) -> pa.Table | None:
        """Return all rows of an output, in the order of the epochs, None if there were none."""
        paths = sorted(self._folder.glob(f"{name}-*.parquet"))
        return pa.concat_tables([pq.read_table(path) for path in paths]) if paths else None
