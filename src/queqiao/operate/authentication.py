"""Who calls? Answered from memory; the change feed says when to read again."""

import asyncio
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hmac import compare_digest

import msgspec
from sqlalchemy import Connection, select

from queqiao.kernel.clock import Clock
from queqiao.kernel.http import Principal, Role, Scope
from queqiao.operate.credentials import hash_of
from queqiao.operate.sessions import COOKIE, csrf_token
from queqiao.operate.tables import api_keys, sessions, users
from queqiao.operate.users import CREDENTIAL
from queqiao.ports.records import changes
from queqiao.ports.records.base import Records

ROLE_SCOPES: Mapping[Role, frozenset[Scope]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "write", "decide"}),
    "owner": frozenset({"read", "write", "decide", "exchange", "cards", "intake", "admin"}),
}
KEY_SCOPES: Mapping[str, frozenset[Scope]] = {
    "admin": ROLE_SCOPES["owner"],
    "read": frozenset({"read"}),
    "decide": frozenset({"decide", "exchange"}),
    "exchange": frozenset({"exchange"}),
    "cards": frozenset({"decide", "exchange", "cards"}),
    "intake": frozenset({"intake"}),
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SOURCES_MAX = 10_000
_READ_ONLY: frozenset[Scope] = frozenset({"read"})


class _Session(msgspec.Struct, frozen=True):
    principal: Principal
    expires_at_us: int


class _Snapshot(msgspec.Struct, frozen=True):
    """Everyone who may call, by the hash of their secret, as of one version of the feed."""

    version: int
    keys: dict[str, Principal]
    sessions: dict[str, _Session]
    sources: dict[bytes, str] = msgspec.field(default_factory=dict)
    """Event sources by ``Authorization`` line, as far as they were asked for."""
    callers: dict[bytes, Principal] = msgspec.field(default_factory=dict)
    """Who calls with an ``Authorization`` line, as far as was asked."""


class Authenticator:
    """Knows every valid key and session. Asking it does no I/O and never fails.

    A role calls ``follow`` a few times a second; then what one role changes, all know.
    """

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._snapshot = records.read_now(_load)

    async def follow(self) -> None:
        """Take in what has changed, in a thread."""
        await asyncio.to_thread(self.refresh)

    def refresh(self) -> None:
        """Take in what has changed; blocking. Raises Unavailable, and then keeps what it knew."""
        new = self._records.changes_since(self._snapshot.version)
        if any(change.kind == CREDENTIAL for change in new):
            self._snapshot = self._records.read_now(_load)
        elif new:
            self._snapshot = msgspec.structs.replace(self._snapshot, version=new[-1].version)

    def principal(
        self,
        headers: Mapping[str, str],
        cookies: Mapping[str, str] | None = None,
        method: str = "",
    ) -> Principal | None:
        """Return the caller by key (Bearer, or Basic with the key as name) or by session cookie.

        Header names are in lower case; ``cookies`` are read from the headers when not given.
        A session may only read unless its ``X-CSRF-Token`` is right or ``method`` is a safe one:
        a foreign page can make a browser send the cookie, never that header.
        """
        key = key_in(headers.get("authorization", ""))
        if key is not None:
            return self._snapshot.keys.get(hash_of(key))
        token = (cookies_in(headers.get("cookie", "")) if cookies is None else cookies).get(COOKIE)
        session = self._snapshot.sessions.get(hash_of(token)) if token else None
        if token is None or session is None or session.expires_at_us <= self._clock.now_us():
            return None
        said = headers.get("x-csrf-token", "")
        if method in SAFE_METHODS or compare_digest(said.encode(), csrf_token(token).encode()):
            return session.principal
        return msgspec.structs.replace(session.principal, scopes=_READ_ONLY)

    def principal_of_line(self, authorization: bytes) -> Principal | None:
        """Return the caller by the key in an ``Authorization`` line, as ``principal`` does.

        What was found is remembered with the snapshot: a client sends the same line each time.
        """
        snapshot = self._snapshot
        known = snapshot.callers.get(authorization)
        if known is None:
            key = key_in(authorization.decode("latin-1"))
            known = snapshot.keys.get(hash_of(key)) if key is not None else None
            if known is not None and len(snapshot.callers) < SOURCES_MAX:
                snapshot.callers[authorization] = known
        return known

    def source_of_line(self, authorization: bytes) -> str | None:
        """Return the event source that an ``Authorization`` line of an intake key stands for.

        What was found is remembered with the snapshot: a client sends the same line each time.
        """
        snapshot = self._snapshot
        known = snapshot.sources.get(authorization)
        if known is None:
            key = key_in(authorization.decode("latin-1"))
            principal = snapshot.keys.get(hash_of(key)) if key is not None else None
            if principal is None or not principal.may("intake"):
                return None
            known = principal.source or principal.id
            if len(snapshot.sources) < SOURCES_MAX:
                snapshot.sources[authorization] = known
        return known

    def source_of(self, write_key: str) -> str | None:
        """Return the event source that an intake key stands for, or None."""
        known = self._snapshot.keys.get(hash_of(write_key))
        return known.source or known.name if known and known.may("intake") else None


def key_in(authorization: str) -> str | None:
    """Return the key in an ``Authorization`` line, or None."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except (Base64Error, ValueError):
        return None


def cookies_in(line: str) -> dict[str, str]:
    """Return the cookies of a ``Cookie`` line; the first of equal names counts."""
    pairs = (part.strip().partition("=") for part in line.split(";"))
    return {name: value for name, _, value in reversed(list(pairs))}


def _load(conn: Connection) -> _Snapshot:
    return _Snapshot(changes.latest(conn), _keys(conn), _sessions(conn))


def _keys(conn: Connection) -> dict[str, Principal]:
    rows = conn.execute(select(api_keys).where(api_keys.c.revoked_at_us.is_(None)))
    return {
        row.secret_hash: Principal(row.id, row.name, None, KEY_SCOPES[row.scope], row.source)
        for row in rows
    }


def _sessions(conn: Connection) -> dict[str, _Session]:
    s, u = sessions.c, users.c
    joined = sessions.join(users, s.user_id == u.id)
    query = select(s.token_hash, s.expires_at_us, u.id, u.name, u.role).select_from(joined)
    return {
        row.token_hash: _Session(
            Principal(row.id, row.name, row.role, ROLE_SCOPES[row.role]), row.expires_at_us
        )
        for row in conn.execute(query.where(~u.disabled))
    }
