"""Chance as an argument: one seed, a named stream for each use, so that a seed replays all."""

from hashlib import blake2b
from random import Random


class Randomness:
    """A seed from which independent, named streams are drawn.

    Two streams of different names never influence each other, so adding a use of chance in one
    place does not change what another place draws.
    """

    def __init__(self, seed: int | str) -> None:
        self.seed = seed

    def stream(self, *names: str | int) -> Random:
        """Return the generator of that name; the same seed and names give the same draws."""
        key = "\x1f".join(str(part) for part in (self.seed, *names))
        return Random(int.from_bytes(blake2b(key.encode(), digest_size=16).digest()))  # noqa: S311  # repeatable on purpose; secrets come from `secrets`
