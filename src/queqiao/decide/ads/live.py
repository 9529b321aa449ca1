"""A live campaign or placement, as the store of documents gives it, or with another bid."""

from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.contracts import Campaign


class Live(Protocol):
    """A live document with its id and revision, as the store of documents gives it."""

    @property
    def id(self) -> str:
        """The document's id."""
        ...

    @property
    def revision(self) -> int:
        """Its revision."""
        ...

    @property
    def document(self) -> Any:
        """The Placement or Campaign."""
        ...


class Bidding(Struct, frozen=True):
    """A live campaign with the bid that it makes now."""

    id: str
    revision: int
    document: Campaign


def bidding(live: Live, bid_minor: int) -> Live:
    """Return a live campaign as it bids now."""
    return Bidding(live.id, live.revision, replace(live.document, bid_minor=bid_minor))
