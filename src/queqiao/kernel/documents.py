"""Rules and campaigns are documents: versioned JSON of a published type that checks itself."""

from collections.abc import Callable
from typing import Any

import msgspec


class DocumentKind(msgspec.Struct, frozen=True):
    """One kind of document: its type, its path under ``/api/v1/`` and its own check.

    ``check`` raises InvalidInput for what the type alone cannot say; paths start at the document.
    """

    name: str
    path: str
    type: type[msgspec.Struct]
    check: Callable[[Any], None]
    states: tuple[str, ...] = ("draft", "live", "paused", "archived")
