"""The names of all sources in the log, so that an event is found by its message id alone."""

from pathlib import Path

import msgspec

from queqiao.kernel.whole_file import replace_whole

NAME = "sources.json"


class Sources:
    """Name to the prefix of its digests. A new name is on disk before the first event of it is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        names = self._path.read_bytes() if self._path.exists() else b"[]"
        self._names = {name: prefix_of(name) for name in msgspec.json.decode(names, type=list[str])}

    def prefix(self, source: str) -> bytes:
        """Return the prefix of a source; note the name when it is new. Raises OSError."""
        known = self._names.get(source)
        if known is None:
            known = prefix_of(source)
            replace_whole(self._path, msgspec.json.encode([*self._names, source]))
            self._names[source] = known
        return known

    def known(self, source: str | None) -> list[bytes]:
        """Return the prefix of one source, or of all."""
        if source is None:
            return list(self._names.values())
        return [self._names[source]] if source in self._names else []


def prefix_of(name: str) -> bytes:
    """Return what stands before the id where a digest is made of an event of this source."""
    return name.encode() + b"\x00"
