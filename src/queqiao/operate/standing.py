"""What an actor's id stands for in the records just now: a person or a key, and what they may."""

from sqlalchemy import Connection, select

from queqiao.kernel.http import Role
from queqiao.operate.authentication import KEY_SCOPES, ROLE_SCOPES
from queqiao.operate.tables import api_keys, users


def is_person(conn: Connection, actor_id: str) -> bool:
    """Say whether it is a person who may sign in; keys and the system itself are none."""
    return _role(conn, actor_id) is not None


def person_behind(conn: Connection, actor_id: str) -> str:
    """Return who made a key, through the keys that made keys; anybody else is who they are."""
    made_by = select(api_keys.c.created_by)
    while (row := conn.execute(made_by.where(api_keys.c.id == actor_id)).first()) is not None:
        actor_id = row.created_by
    return actor_id


def may_write(conn: Connection, actor_id: str) -> bool:
    """Say whether they may still write: not disabled, not revoked, with the scope for it."""
    role = _role(conn, actor_id)
    if role is not None:
        return "write" in ROLE_SCOPES[role]
    valid = select(api_keys.c.scope).where(
        api_keys.c.id == actor_id, api_keys.c.revoked_at_us.is_(None)
    )
    scope = conn.execute(valid).scalar_one_or_none()
    return scope is not None and "write" in KEY_SCOPES[scope]


def _role(conn: Connection, actor_id: str) -> Role | None:
    able = select(users.c.role).where(users.c.id == actor_id, ~users.c.disabled)
    role: Role | None = conn.execute(able).scalar_one_or_none()
    return role
