"""What an advertiser's document may no longer change."""

from sqlalchemy import Connection

from queqiao.decide.ads.wallets import payments
from queqiao.decide.ads.wallets.contracts import ADVERTISER
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Stored

_SAME = Message(
    "已生效过或有款项的广告主不能改币种；请另建一个",
    "an advertiser that was live or has paid keeps its currency; make another one",
)


def check_change_advertiser(stored: Stored, conn: Connection) -> None:
    """Raise InvalidInput when the money of an advertiser would get another currency's name."""
    has_paid = payments.has_any(conn, stored.id)
    for one in documents.history(conn, ADVERTISER, stored.id):
        counts = one.revision < stored.revision and (has_paid or one.state == "live")
        if counts and one.document.currency != stored.document.currency:
            raise InvalidInput(FieldError("currency", _SAME))
