"""Files that are replaced whole: a reader, or a machine after a power loss, sees old or new."""

import os
from pathlib import Path


def replace_whole(file: Path, body: bytes) -> None:
    """Put the file's new content on disk, private to its user; durable when this returns.

    Its folder must be there. Raises OSError; then the old content stays.
    """
    fresh = file.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Put on disk which names a folder holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
