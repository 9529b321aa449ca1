"""The manifest of a table in an object store: which object is the content of which partition.

One small object a table, replaced only by who read its latest version. So a partition appears,
changes and goes in one step, and publishers of a table take turns.
"""

import msgspec

GRACE_US = 3_600_000_000
"""How long a content that was replaced or removed stays for those who began to read it."""


class Entry(msgspec.Struct, frozen=True):
    """The content of a partition lies below the folder ``id``; ``digest`` is that of its bytes."""

    id: str
    digest: str = ""


class Retired(msgspec.Struct, frozen=True):
    """A content that no reader begins to read any more, since ``at_us``."""

    key: str
    at_us: int


class Manifest(msgspec.Struct, frozen=True):
    """All partitions of a table."""

    partitions: dict[str, Entry] = {}
    retired: list[Retired] = []

    def with_entry(self, partition: str, entry: Entry | None, now_us: int) -> "Manifest":
        """Return the manifest after a partition got another content, or none."""
        former = self.partitions.get(partition)
        if former == entry:
            return self
        partitions = {name: one for name, one in self.partitions.items() if name != partition}
        if entry is not None:
            partitions[partition] = entry
        retired = [one for one in self.retired if one.at_us > now_us - GRACE_US]
        if former is not None:
            retired.append(Retired(key_of(partition, former), now_us))
        return Manifest(partitions, retired)

    def keys(self) -> set[str]:
        """Return the keys, below the table's, that somebody may still read."""
        named = {key_of(partition, entry) for partition, entry in self.partitions.items()}
        return named | {one.key for one in self.retired}


def key_of(partition: str, entry: Entry) -> str:
    """Return the key of a content below the table's: its folder holds nothing else."""
    return f"{entry.id}/{partition}/data.parquet"
