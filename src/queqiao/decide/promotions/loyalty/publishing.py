"""What must hold before a points programme goes live, beyond its own check."""

from sqlalchemy import Connection

from queqiao.decide.promotions.loyalty import account_rows
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Stored

_SAME = Message(
    "生效过的计划不能改：账户里的数会变成别的东西，请另建计划",
    "cannot change once it was live: what accounts hold would become something else; make another",
)


def check_live_points_programme(stored: Stored, conn: Connection) -> None:
    """Raise InvalidInput when another programme that holds the same is live: an order earns of one.

    Also where a programme that was live would hold something else now.
    """
    if stored.state != "live":
        return
    _check_same(stored, conn)
    holds = stored.document.holds
    for other in documents.live(conn, POINTS_PROGRAMME):
        if other.id != stored.id and other.document.holds == holds:
            message = Message(
                f"积分计划 {other.id} 已生效，请先暂停它", f"{other.id} is live; pause it first"
            )
            raise InvalidInput(FieldError("name", message))


def _check_same(stored: Stored, conn: Connection) -> None:
    now = stored.document
    has_accounts = account_rows.totals(conn, stored.id)[0] > 0
    for one in documents.history(conn, POINTS_PROGRAMME, stored.id):
        if one.revision >= stored.revision or not (has_accounts or one.state == "live"):
            continue
        before = one.document
        if before.holds != now.holds:
            raise InvalidInput(FieldError("holds", _SAME))
        if now.holds == "money" and before.worth.currency != now.worth.currency:
            raise InvalidInput(FieldError("worth.currency", _SAME))
