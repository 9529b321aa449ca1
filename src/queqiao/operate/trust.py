"""Which sources of events the shop's own servers speak through: only their word decides prices.

A key in a page is everybody's. So every key says whether a server holds it, and all keys of one
source say the same, those that were revoked too: events know their source only, and what a browser
once sent under a name must not become a server's word by a later key.
"""

from typing import Any

from sqlalchemy import Connection, and_, select, update
from sqlalchemy.engine import Row

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.vocabulary import FILES_SOURCE
from queqiao.operate.authentication import KEY_SCOPES
from queqiao.operate.tables import api_keys
from queqiao.ports.records import audit
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.differences import Difference
from queqiao.profile.contracts import Trust

_SENDERS = tuple(scope for scope, may in KEY_SCOPES.items() if "intake" in may)
_IS_BROWSERS = Message(
    "此来源已有不可信（浏览器）的密钥；服务器请另用来源名",
    "a key that is not trusted (a browser's) has this source; name another for servers",
)
_IS_SERVERS = Message(
    "此来源是服务器的，不可信的密钥请另用来源名；或把该来源改为不可信",
    "this source is a server's; name another for browsers, or mark the source as not trusted",
)
_NO_EVENTS = Message(
    "此密钥不以自己的来源发送事件，无从信任", "the key sends no events under a source of its own"
)
_ITS_OWN = and_(api_keys.c.scope.in_(_SENDERS), api_keys.c.source != "")


def trust(conn: Connection) -> Trust:
    """Return the sources whose word decides prices; ``version`` moves when one is marked anew.

    The files that operators upload are trusted, unless a key of that source is not.
    """
    marks = select(api_keys.c.source, api_keys.c.trusted, api_keys.c.trust_changed_at_us)
    rows = conn.execute(marks.where(_ITS_OWN)).all()
    doubted = {row.source for row in rows if not row.trusted}
    servers = {row.source for row in rows} - doubted
    version = max((row.trust_changed_at_us or 0 for row in rows), default=0)
    return Trust(tuple(sorted(servers | ({FILES_SOURCE} - doubted))), version, bool(servers))


def check(conn: Connection, scope: str, source: str, *, trusted: bool) -> None:
    """Raise InvalidInput for a new key whose mark is not that of its source."""
    if scope not in _SENDERS or not source:
        if trusted and scope not in _SENDERS:
            raise InvalidInput(FieldError("trusted", _NO_EVENTS))
        return
    marks = select(api_keys.c.trusted).where(_ITS_OWN, api_keys.c.source == source)
    known = set(conn.execute(marks).scalars())
    if source == FILES_SOURCE:
        known = known or {True}
    if not known <= {trusted}:
        raise InvalidInput(FieldError("source", _IS_BROWSERS if trusted else _IS_SERVERS))


def mark(conn: Connection, key: Row[Any], actor: Actor, now_us: int, *, trusted: bool) -> None:
    """Mark a key and all others of its source, with an audit row. Raises InvalidInput."""
    if key.scope not in _SENDERS or not key.source:
        raise InvalidInput(FieldError("trusted", _NO_EVENTS))
    if key.trusted == trusted:
        return
    values = {"trusted": trusted, "trust_changed_at_us": now_us}
    conn.execute(update(api_keys).where(_ITS_OWN, api_keys.c.source == key.source).values(values))
    changed = (Difference("trusted", not trusted, trusted),)
    entry = audit.Entry("key.trust", "key", key.id, f"source {key.source}", changed)
    audit.note(conn, actor, entry, now_us)
