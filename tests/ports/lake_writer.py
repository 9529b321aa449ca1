"""A process that publishes one partition again and again, to be killed in the middle.

``lake_writer.py URL_OR_FOLDER``: says ``begun N`` before each publishing. Version N has the numbers
from ``N * ROWS`` on, and random bytes beside them so that no compression makes it short.
"""

import random
import sys
from pathlib import Path

import pyarrow as pa

from queqiao.kernel.clock import SystemClock
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.wiring.lakes import on_servers

TABLE, PARTITION = "profiles", "day=1"
ROWS = 40_000
BYTES = 400


def version(number: int) -> pa.Table:
    """Return one version of the partition."""
    noise = random.Random(number).randbytes(ROWS * BYTES)
    pieces = [noise[start : start + BYTES] for start in range(0, len(noise), BYTES)]
    return pa.table({"number": range(number * ROWS, (number + 1) * ROWS), "noise": pieces})


def main(where: str) -> None:
    """Publish until killed."""
    lake = on_servers(where, SystemClock()) if "://" in where else ParquetFolder(Path(where))
    for number in range(1, 1_000):
        rows = version(number)
        print("begun", number, flush=True)
        lake.publish(TABLE, PARTITION, rows)


if __name__ == "__main__":
    main(sys.argv[1])
