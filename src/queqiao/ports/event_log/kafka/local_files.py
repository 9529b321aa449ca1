"""What the intake keeps of the log on its own disk: helps that follow from the topic.

    topic.json    which topic the other files are of, and the seed of the digests
    keys          digest, fingerprint and a checksum of each event: 32 bytes at (offset - 1) * 32
    positions.N   for an event about every thousand: its offset, a position in each of N partitions
    committed     the last committed offset, mapped by readers
    copied.json   how far the copy of an embedded log is (copying.py), where there was one
    lock          held by the one writer of this home

None of it is fsynced but the first: a key that is missing or torn is read from the topic, a
position that is wrong only makes a read start further back.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from struct import Struct

import msgspec
from xxhash import xxh3_64_digest, xxh3_64_intdigest

from queqiao.kernel.errors import Message, Unavailable
from queqiao.kernel.whole_file import replace_whole
from queqiao.ports.event_log.kafka.place import refused
from queqiao.ports.event_log.records import FINGERPRINT_BYTES
from queqiao.ports.journal.base import LOCK_NAME
from queqiao.ports.journal.disk import Disk, write_whole

TOPIC_FILE = "topic.json"
KEY_BYTES = 24
_CHECK = Struct("<Q")
_ENTRY_BYTES = KEY_BYTES + _CHECK.size
_READ_ENTRIES = 1 << 14
SPACING_EVENTS = 1000
"""A position is noted about so often: a read in between passes over no more than this many."""


class TopicFile(msgspec.Struct):
    """Which topic the files are of. ``seed`` is a string: JSON numbers do not hold 64 bits."""

    cluster: str = ""
    topic: str = ""
    seed: str = "0"


class LocalFiles:
    """Holds the folder for its one writer."""

    def __init__(self, folder: Path) -> None:
        """Take the folder. Raises Unavailable when another process has it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise Unavailable(
                Message("另一个进程正在写这个日志", "another process is writing this log")
            ) from error

    def seed_of(self, cluster: str, topic: str, fresh: Callable[[], int]) -> int:
        """Return the seed of the digests, drawn when the folder began with this topic.

        Raises InvalidInput when the folder is of another topic: its offsets mean other events.
        """
        known = self._topic()
        if known is None:
            seed = fresh()
            fresh_file = TopicFile(cluster, topic, str(seed))
            replace_whole(self.folder / TOPIC_FILE, msgspec.json.encode(fresh_file))
            return seed
        if not self.is_of(cluster, topic):
            raise refused(
                f"主题（{topic}）不是这个家目录写的那一个（{known.topic}）：它被删除重建过，或属于"
                f"另一个集群。请恢复原主题；若是新系统，请换一个 --home",
                f"the topic ({topic}) is not the one that this home has written ({known.topic}):"
                " it was deleted and made again, or is of another cluster. Restore it; for a new"
                " system choose another --home",
            )
        return int(known.seed)

    def has_topic(self) -> bool:
        """Return whether the folder began with a topic."""
        return self._topic() is not None

    def is_of(self, cluster: str, topic: str) -> bool:
        """Return whether the folder began with this topic."""
        known = self._topic()
        return known is not None and (known.cluster, known.topic) == (cluster, topic)

    def _topic(self) -> TopicFile | None:
        path = self.folder / TOPIC_FILE
        if not path.exists():
            return None
        return msgspec.json.decode(path.read_bytes(), type=TopicFile)

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._lock)


class Keys:
    """Digest and fingerprint of each event. One thread writes at a time, any thread reads."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "keys", os.O_RDWR | os.O_CREAT, 0o640)
        self._disk = Disk()

    def write(self, first: int, keys: Sequence[bytes]) -> None:
        """Note the keys (digest and fingerprint, joined) of events in order. Raises OSError."""
        checks = map(xxh3_64_digest, keys, range(first, first + len(keys)))
        entries = b"".join(map(bytes.__add__, keys, checks))
        write_whole(self._disk, self._file, entries, (first - 1) * _ENTRY_BYTES)

    def key_at(self, offset: int) -> tuple[bytes, bytes] | None:
        """Return digest and fingerprint of an event, None when the file does not have them."""
        entry = os.pread(self._file, _ENTRY_BYTES, (offset - 1) * _ENTRY_BYTES)
        return _parts(entry, offset)

    def following(self, first: int, last: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield offset, digest and fingerprint from ``first`` on, up to the first that lacks."""
        while first <= last:
            count = min(_READ_ENTRIES, last + 1 - first)
            page = os.pread(self._file, count * _ENTRY_BYTES, (first - 1) * _ENTRY_BYTES)
            for offset in range(first, first + count):
                at = (offset - first) * _ENTRY_BYTES
                found = _parts(page[at : at + _ENTRY_BYTES], offset)
                if found is None:
                    return
                yield offset, *found
            first += count

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _parts(entry: bytes, offset: int) -> tuple[bytes, bytes] | None:
    if len(entry) < _ENTRY_BYTES:
        return None
    key = entry[:KEY_BYTES]
    if entry[KEY_BYTES:] != xxh3_64_digest(key, offset):
        return None
    return key[:-FINGERPRINT_BYTES], key[-FINGERPRINT_BYTES:]


class _Positions:
    """The file of noted positions: offset, one position a partition, a checksum; u64 each."""

    def __init__(self, folder: Path, partitions: int) -> None:
        self.path = folder / f"positions.{partitions}"
        self.entry = Struct(f"<{partitions + 1}Q")
        self.entry_bytes = self.entry.size + _CHECK.size

    def at(self, file: int, number: int) -> tuple[int, ...] | None:
        raw = os.pread(file, self.entry_bytes, number * self.entry_bytes)
        if len(raw) < self.entry_bytes:
            return None
        held = raw[: self.entry.size]
        if _CHECK.unpack_from(raw, self.entry.size)[0] != xxh3_64_intdigest(held):
            return None
        return self.entry.unpack(held)


class PositionsWriter:
    """Appends notes; belongs to the log's writer, which ends at the offset ``last``."""

    def __init__(self, folder: Path, partitions: int, last: int) -> None:
        self._shape = _Positions(folder, partitions)
        self._file = os.open(self._shape.path, os.O_RDWR | os.O_CREAT, 0o640)
        count = os.fstat(self._file).st_size // self._shape.entry_bytes
        while count and (self._shape.at(self._file, count - 1) or (last + 1,))[0] > last:
            count -= 1
        self._size = count * self._shape.entry_bytes
        os.ftruncate(self._file, self._size)
        newest = self._shape.at(self._file, count - 1) if count else None
        self.offset = newest[0] if newest else 0
        self.positions = list(newest[1:]) if newest else [0] * partitions

    def is_due(self, offset: int) -> bool:
        """Say whether the last note is far back."""
        return not self.offset or offset - self.offset >= SPACING_EVENTS

    def note(self, offset: int, positions: Sequence[int]) -> None:
        """Note that no event from ``offset`` on lies before these positions. Raises OSError."""
        held = self._shape.entry.pack(offset, *positions)
        entry = held + _CHECK.pack(xxh3_64_intdigest(held))
        os.pwrite(self._file, entry, self._size)
        self._size += len(entry)
        self.offset, self.positions = offset, list(positions)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Positions:
    """Looks positions up; belongs to a reader in any process."""

    def __init__(self, folder: Path, partitions: int) -> None:
        self._shape = _Positions(folder, partitions)
        self._nothing = [0] * partitions
        self._file: int | None = None

    def before(self, offset: int) -> list[int]:
        """Return positions in front of which no event from ``offset`` on lies."""
        if self._file is None:
            if not self._shape.path.exists():
                return self._nothing
            self._file = os.open(self._shape.path, os.O_RDONLY)
        low, high = 0, os.fstat(self._file).st_size // self._shape.entry_bytes
        best = self._nothing
        while low < high:
            middle = (low + high) // 2
            entry = self._shape.at(self._file, middle)
            if entry is not None and entry[0] <= offset:
                best, low = list(entry[1:]), middle + 1
            else:
                high = middle
        return best

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
