"""People: who may sign in, with which role. There is always an owner who can."""

import re
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.engine import Row

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message, NotFound, Refused
from queqiao.kernel.text import clean
from queqiao.operate.contracts import UserPatch, UserView
from queqiao.operate.tables import sessions, users
from queqiao.ports.records import changes

CREDENTIAL = "credential"
"""The kind under which the feed tells of people, sessions and keys."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")
PASSWORD_LENGTH_MIN = 10


def checked_email(text: str, path: str = "email") -> str:
    """Return the address in lower case. Raises InvalidInput."""
    email = clean(text.strip().lower(), path, 254)
    if not _EMAIL.fullmatch(email):
        message = Message("不是邮箱地址，例如 wang@example.com", "write it as wang@example.com")
        raise InvalidInput(FieldError(path, message))
    return email


def check_password(password: str, path: str = "password") -> None:
    """Raise InvalidInput when the password is too short."""
    if len(password) < PASSWORD_LENGTH_MIN:
        least = PASSWORD_LENGTH_MIN
        raise InvalidInput(
            FieldError(path, Message(f"至少 {least} 个字符", f"at least {least} characters"))
        )


def add(conn: Connection, values: dict[str, Any]) -> None:
    """Add a person. Raises Conflict when the e-mail is taken."""
    taken = select(users.c.id).where(users.c.email == values["email"])
    if conn.execute(taken).first() is not None:
        raise Conflict(Message("这个邮箱已有账号", "there is an account with this e-mail"))
    conn.execute(insert(users).values(values))
    changes.note(conn, CREDENTIAL, values["id"])


def find(conn: Connection, user_id: str) -> Row[Any]:
    """Return the person's row. Raises NotFound."""
    row = conn.execute(select(users).where(users.c.id == user_id)).first()
    if row is None:
        raise NotFound
    return row


def find_by_email(conn: Connection, email: str) -> Row[Any] | None:
    """Return the row of the person with that address in lower case, or None."""
    return conn.execute(select(users).where(users.c.email == email)).first()


def everyone(conn: Connection) -> list[UserView]:
    """Return all people by e-mail."""
    return [view(row) for row in conn.execute(select(users).order_by(users.c.email))]


def amend(
    conn: Connection, user_id: str, patch: UserPatch, password_hash: str | None
) -> tuple[UserView, UserView]:
    """Change a person and return them before and after.

    A new password and being disabled end the person's sessions. Raises NotFound, and Refused when
    nobody would be left who is an owner.
    """
    before = find(conn, user_id)
    values: dict[str, Any] = {
        "name": patch.name if patch.name is None else clean(patch.name, "name", 200),
        "role": patch.role,
        "disabled": patch.disabled,
        "password_hash": password_hash,
    }
    given = {name: value for name, value in values.items() if value is not None}
    if given:
        conn.execute(update(users).where(users.c.id == user_id).values(given))
    _refuse_without_owner(conn)
    if patch.disabled or password_hash is not None:
        conn.execute(delete(sessions).where(sessions.c.user_id == user_id))
    changes.note(conn, CREDENTIAL, user_id)
    return view(before), view(find(conn, user_id))


def owners(conn: Connection) -> list[str]:
    """Return the ids of the owners who may sign in, oldest first."""
    u = users.c
    query = select(u.id).where(u.role == "owner", ~u.disabled).order_by(u.created_at_us, u.id)
    return list(conn.execute(query).scalars())


def _refuse_without_owner(conn: Connection) -> None:
    anyone = conn.execute(select(func.count()).select_from(users)).scalar_one()
    if anyone and not owners(conn):
        message = Message(
            "至少要有一位可登录的所有者", "at least one owner must be able to sign in"
        )
        raise Refused(message, reason="last_owner")


def view(row: Row[Any]) -> UserView:
    """Return a person as the API shows them."""
    return UserView(
        row.id,
        row.email,
        row.name,
        row.role,
        row.disabled,
        row.password_hash is not None,
        format_rfc3339(row.created_at_us),
    )
