"""The port ``keyring``.

The contract in words
- **Sealed** texts start with ``sealed:``, are ASCII, and give away nothing but their length.
- **Bound to a place**: a text opens only with the place (such as ``webhook/erp/secret``) with which
  it was sealed, and only unchanged; otherwise ``open`` raises UnsealableError.
- **Fresh**: sealing the same twice gives two texts.
- Both calls are quick and may be made from any thread.
"""

from typing import Final, Protocol

PREFIX: Final = "sealed:"


class UnsealableError(ValueError):
    """The text was sealed under another key or for another place, or was changed."""


class Keyring(Protocol):
    """See the module's contract in words."""

    def seal(self, text: str, place: str) -> str:
        """Return the text sealed for a place."""
        ...

    def open(self, sealed: str, place: str) -> str:
        """Return what was sealed. Raises UnsealableError."""
        ...


def is_sealed(text: str) -> bool:
    """Say whether a text looks sealed."""
    return text.startswith(PREFIX)
