"""Keys of programs: made and revoked here, known by hash only."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.ids import uuid7
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.operate import trust
from queqiao.operate.authentication import KEY_SCOPES
from queqiao.operate.contracts import KeyScope, KeyView
from queqiao.operate.credentials import RandomBytes, hash_of, new_secret, random_bits
from queqiao.operate.tables import api_keys
from queqiao.operate.users import CREDENTIAL
from queqiao.ports.records import audit, changes
from queqiao.ports.records.audit import SYSTEM, Actor
from queqiao.ports.records.base import Records

OWN_SOURCES = frozenset({ADS_SOURCE, "queqiao"})
"""Sources of events that the system makes: no key may stand for them."""


class Wanted(NamedTuple):
    """A key to make. ``source`` names what its events are filed under.

    ``trusted``: a server of the shop holds it, so what it tells may decide prices.
    """

    name: str
    scope: KeyScope
    source: str = ""
    trusted: bool = False


def create_key(
    records: Records,
    scope: KeyScope,
    name: str,
    source: str = "",
    *,
    trusted: bool = False,
    now_us: int,
    random: RandomBytes,
) -> tuple[str, str]:
    """Make a key from the command line and return its id and its secret; blocking."""
    key, secret = records.write_now(
        lambda conn: make(conn, Wanted(name, scope, source, trusted), SYSTEM, now_us, random)
    )
    return key.id, secret


def make(
    conn: Connection,
    wanted: Wanted,
    actor: Actor,
    now_us: int,
    random: RandomBytes,
) -> tuple[KeyView, str]:
    """Make a key; return it and its secret.

    An intake key without a source stands for its own name. Raises InvalidInput where a key that
    may send events would send them as the system's own, or is not trusted as its source is.
    """
    name, scope, source, trusted = wanted
    if _is_own(source):
        message = Message("这个来源名由系统自己使用", "the system files its own events under this")
        raise InvalidInput(FieldError("source", message))
    if not source and "intake" in KEY_SCOPES[scope] and _is_own(name):
        message = Message("系统自己用此名发事件，请填写 source", "the system's own; give a source")
        raise InvalidInput(FieldError("name", message))
    source = source or (name if scope == "intake" else "")
    trust.check(conn, scope, source, trusted=trusted)
    secret = new_secret(f"qq_{scope}_", random)
    made = wanted._replace(source=source)
    return _add(conn, made, secret, actor, now_us=now_us, random=random), secret


def _is_own(source: str) -> bool:
    return source.partition(".")[0].lower() in OWN_SOURCES


def keep(
    conn: Connection,
    wanted: Wanted,
    secret: str,
    now_us: int,
    random: RandomBytes,
) -> None:
    """See to it that a key of the system's own has that secret; one that was revoked stays so."""
    known = select(api_keys.c.id).where(api_keys.c.secret_hash == hash_of(secret))
    if conn.execute(known).first() is None:
        _add(conn, wanted, secret, SYSTEM, now_us=now_us, random=random)


def _add(
    conn: Connection,
    wanted: Wanted,
    secret: str,
    actor: Actor,
    *,
    now_us: int,
    random: RandomBytes,
) -> KeyView:
    key_id = uuid7(now_us, random_bits(random))
    row = {
        "id": key_id,
        **wanted._asdict(),
        "secret_hash": hash_of(secret),
        "hint": secret[-4:],
        "created_at_us": now_us,
        "created_by": actor.id,
    }
    conn.execute(insert(api_keys).values(row))
    changes.note(conn, CREDENTIAL, key_id)
    entry = audit.Entry("key.create", "key", key_id, f"{wanted.scope} key: {wanted.name}")
    audit.note(conn, actor, entry, now_us)
    return _view(_find(conn, key_id))


def revoke(conn: Connection, key_id: str, actor: Actor, now_us: int) -> KeyView:
    """End a key; ended already, nothing happens. Raises NotFound."""
    row = _find(conn, key_id)
    if row.revoked_at_us is None:
        conn.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at_us=now_us))
        changes.note(conn, CREDENTIAL, key_id)
        audit.note(conn, actor, audit.Entry("key.revoke", "key", key_id, row.name), now_us)
    return _view(_find(conn, key_id))


def mark(conn: Connection, key_id: str, actor: Actor, now_us: int, *, trusted: bool) -> KeyView:
    """Say of a key's source whether servers hold its keys. Raises NotFound and InvalidInput."""
    trust.mark(conn, _find(conn, key_id), actor, now_us, trusted=trusted)
    return _view(_find(conn, key_id))


def everything(conn: Connection) -> list[KeyView]:
    """Return all keys, newest first."""
    query = select(api_keys).order_by(api_keys.c.created_at_us.desc(), api_keys.c.id.desc())
    return [_view(row) for row in conn.execute(query)]


def _find(conn: Connection, key_id: str) -> Row[Any]:
    row = conn.execute(select(api_keys).where(api_keys.c.id == key_id)).first()
    if row is None:
        raise NotFound
    return row


def _view(row: Row[Any]) -> KeyView:
    return KeyView(
        row.id,
        row.name,
        row.scope,
        row.source,
        row.hint,
        format_rfc3339(row.created_at_us),
        row.created_by,
        None if row.revoked_at_us is None else format_rfc3339(row.revoked_at_us),
        row.trusted,
    )
