"""From the records to the card products that codes are looked up in."""

from sqlalchemy import Connection

from queqiao.decide.promotions.cards.card_book import CardBook
from queqiao.decide.promotions.cards.contracts import CARD_PRODUCT
from queqiao.ports.records import documents

CHANGES = (CARD_PRODUCT.name,)
"""The kinds of the change feed upon which the book is built anew."""


def load(conn: Connection, secret: bytes) -> CardBook:
    """Compile the live card products. ``secret`` makes and reads cards."""
    live = [(stored.id, stored.document) for stored in documents.live(conn, CARD_PRODUCT)]
    return CardBook(live, secret)
