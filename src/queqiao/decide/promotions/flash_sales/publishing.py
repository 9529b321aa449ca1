"""What must hold when a flash sale changes: a session that runs keeps its start.

The stock of a session is counted under its start, so another start would sell the same stock again.
"""

from sqlalchemy import Connection

from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.documents import FlashSaleDocument
from queqiao.decide.promotions.flash_sales.sessions import sessions_of
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Stored

_RUNS = Message(
    "该场次正在进行，开始时间不能改动或删除；要停售请暂停，或提前结束",
    "this session runs: its start cannot be moved or removed; pause the sale, or end it earlier",
)


def check_live_flash_sale(stored: Stored, conn: Connection) -> None:
    """Raise InvalidInput for a session that ran when last live and has no longer that start."""
    history = documents.history(conn, FLASH_SALE, stored.id)
    earlier = (one for one in history if one.revision < stored.revision and one.state == "live")
    before = next(earlier, None)
    if before is not None:
        check_running(before.document, stored.document, stored.updated_at_us)


def check_running(before: FlashSaleDocument, after: FlashSaleDocument, now_us: int) -> None:
    """Raise InvalidInput where ``after`` has no session with the start of the one that runs."""
    kept = {session.starts_us for session in sessions_of(after)}
    for session in sessions_of(before):
        if session.starts_us <= now_us < session.ends_us and session.starts_us not in kept:
            raise InvalidInput(FieldError(_path(before, after, session.starts_us), _RUNS))


def _path(before: FlashSaleDocument, after: FlashSaleDocument, starts_us: int) -> str:
    """Return where the session stood, as far as the document still has that place."""
    for index, session in enumerate(before.sessions):
        if parse_rfc3339(session.starts_at) == starts_us:
            return f"sessions[{index}].starts_at" if index < len(after.sessions) else "sessions"
    return "daily"
