"""The promotions of an order as they were when it was placed, from the history of documents."""

from collections.abc import Iterable, Sequence

from msgspec import structs
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.promotion import InlinePromotion, PromotionDocument
from queqiao.kernel.errors import NotFound
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Revision


def rules_of_then(
    conn: Connection, promotion_ids: Iterable[str], at_us: int
) -> tuple[InlinePromotion, ...]:
    """Return the documents that were live at a moment; one that nobody knows is left out."""
    found = []
    for promotion_id in dict.fromkeys(promotion_ids):
        try:
            revisions = documents.history(conn, PROMOTION, promotion_id)
        except NotFound:
            continue
        document = _live_at(revisions, at_us)
        if document is not None:
            found.append(InlinePromotion(**structs.asdict(document), id=promotion_id))
    return tuple(found)


def _live_at(revisions: Sequence[Revision], at_us: int) -> PromotionDocument | None:
    """Return the last live revision until then, else the first live one after.

    Roles see a change within a second, and clocks differ: a document that was paused just before
    an order may have been used by it.
    """
    live = [one for one in revisions if one.state == "live"]
    before = [one for one in live if one.at_us <= at_us]
    chosen = before[:1] or live[-1:]
    return chosen[0].document if chosen else None
