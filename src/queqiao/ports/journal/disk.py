"""The few operations on files that durability rests on, in one place, so that tests fail them."""

import os
from pathlib import Path


class Disk:
    """The real disk. Faults are rehearsed by a subclass that raises."""

    def write(self, file: int, data: bytes | memoryview, at: int) -> int:
        """Write at a place in the file and return how many bytes were taken."""
        return os.pwrite(file, data, at)

    def sync(self, file: int) -> None:
        """Return when the bytes of the file survive a power cut."""
        os.fdatasync(file)

    def truncate(self, file: int, size: int) -> None:
        """Cut the file to ``size`` bytes."""
        os.ftruncate(file, size)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in the folder survive a power cut."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_whole(disk: Disk, file: int, data: bytes, at: int) -> None:
    """Write all of ``data``; a disk may take less at a time. Raises OSError."""
    taken = disk.write(file, data, at)
    while taken < len(data):
        taken += disk.write(file, memoryview(data)[taken:], at + taken)
