"""Sessions kept by the server, and sign-ins that work once."""

from sqlalchemy import Connection, delete, insert, select

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Unauthenticated
from queqiao.kernel.ids import uuid7
from queqiao.operate import users
from queqiao.operate.credentials import RandomBytes, hash_of, new_secret, random_bits
from queqiao.operate.tables import one_time_tokens, sessions
from queqiao.ports.records import audit, changes
from queqiao.ports.records.base import Records

SESSION_LASTS_US = 7 * DAY_US
TOKEN_LASTS_US = DAY_US
COOKIE = "queqiao_session"
FIRST_OWNER = "owner@queqiao.local"
"""The account that exists after the first start; it has no password until its owner sets one."""


def csrf_token(session_token: str) -> str:
    """Return the token that a session's writes carry: one-way, so the page may know it."""
    return hash_of(f"csrf {session_token}")


def open_session(
    conn: Connection, user_id: str, address: str, now_us: int, random: RandomBytes
) -> str:
    """Store a new session and return its token, which only the browser keeps."""
    token = new_secret("qqs_", random)
    conn.execute(delete(sessions).where(sessions.c.expires_at_us <= now_us))
    conn.execute(
        insert(sessions).values(
            token_hash=hash_of(token),
            user_id=user_id,
            created_at_us=now_us,
            expires_at_us=now_us + SESSION_LASTS_US,
            address=address,
        )
    )
    changes.note(conn, users.CREDENTIAL, user_id)
    return token


def close_session(conn: Connection, token: str) -> None:
    """End a session."""
    conn.execute(delete(sessions).where(sessions.c.token_hash == hash_of(token)))
    changes.note(conn, users.CREDENTIAL, "session")


def issue_one_time_token(records: Records, now_us: int, random: RandomBytes) -> str:
    """Return a token with which the first owner signs in once within a day; blocking.

    The owner's account is made when there is none, so after the first start somebody can sign in.
    """

    def work(conn: Connection) -> str:
        known = users.owners(conn)
        user_id = known[0] if known else _first_owner(conn, now_us, random)
        token = issue_token(conn, user_id, now_us, random)
        entry = audit.Entry("session.issue_token", "user", user_id, "one-time sign-in issued")
        audit.note(conn, audit.SYSTEM, entry, now_us)
        return token

    return records.write_now(work)


def _first_owner(conn: Connection, now_us: int, random: RandomBytes) -> str:
    user_id = uuid7(now_us, random_bits(random))
    values = {"id": user_id, "email": FIRST_OWNER, "name": "Owner", "role": "owner"}
    users.add(conn, {**values, "disabled": False, "created_at_us": now_us})
    return user_id


def issue_token(conn: Connection, user_id: str, now_us: int, random: RandomBytes) -> str:
    """Return a token with which one person signs in once within a day."""
    token = new_secret("qqt_", random)
    conn.execute(delete(one_time_tokens).where(one_time_tokens.c.expires_at_us <= now_us))
    row = {"token_hash": hash_of(token), "user_id": user_id}
    conn.execute(insert(one_time_tokens).values(**row, expires_at_us=now_us + TOKEN_LASTS_US))
    return token


def use_token(conn: Connection, token: str, now_us: int) -> str:
    """Use a token up and return whose it is. Raises Unauthenticated."""
    t = one_time_tokens.c
    row = conn.execute(select(t.user_id, t.expires_at_us).where(t.token_hash == hash_of(token)))
    found = row.first()
    if found is None or found.expires_at_us <= now_us:
        raise Unauthenticated
    conn.execute(delete(one_time_tokens).where(t.token_hash == hash_of(token)))
    return str(found.user_id)
