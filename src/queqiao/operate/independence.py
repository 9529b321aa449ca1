"""Who may be the second pair of eyes: somebody who does not owe their account to the first.

An owner can make accounts, and take accounts over by a new password or a higher role. Whoever has
such an account of the asker's is not another person to anybody who looks from outside, so for
``COOLING_US`` it approves nothing that its maker, or whom its maker made, asks for; and an account
that is younger than the request approves it never. Nor does who has made an account approve what
it asks for in that time: whoever made it can sign in as it. A shop whose owner has invited a second
one has four eyes a week later; in that week everybody else sees the new account.
"""

import msgspec
from sqlalchemy import Connection, select

from queqiao.kernel.clock import DAY_US, parse_rfc3339
from queqiao.kernel.errors import Forbidden, Message
from queqiao.operate import standing
from queqiao.operate.tables import users
from queqiao.ports.records.tables import audit

COOLING_US = 7 * DAY_US
"""How long an account that somebody made or took over does not approve what they ask for."""

_YOUNGER = Message(
    "该账号在申请之后才建立，不能批准此申请", "the account is younger than the request"
)
_MADE = Message(
    "该账号 7 天内由申请人建立或改动（角色、密码、停用），不能批准其申请",
    "the asker made this account, or changed its role, password or state, within 7 days",
)
_ASKS = Message(
    "申请人的账号 7 天内由该账号建立或改动（角色、密码、停用），不能由它批准",
    "this account made the asker's, or changed its role, password or state, within 7 days",
)
_HARMLESS = frozenset(("name",))
"""What of an account may be changed without taking it over."""


def check(conn: Connection, asked_by: str, asked_at: str, approver: str, now_us: int) -> None:
    """Raise Forbidden when one of both accounts, the asker's or the approver's, is the other's."""
    made = select(users.c.created_at_us).where(users.c.id == approver)
    created_us = conn.execute(made).scalar_one_or_none()
    if created_us is None or created_us > parse_rfc3339(asked_at):
        raise Forbidden(_YOUNGER)
    asker, since_us = standing.person_behind(conn, asked_by), now_us - COOLING_US
    if approver in in_the_hands_of(conn, asker, since_us):
        raise Forbidden(_MADE)
    if asker in in_the_hands_of(conn, approver, since_us):
        raise Forbidden(_ASKS)


def in_the_hands_of(conn: Connection, asker: str, since_us: int) -> frozenset[str]:
    """Return whose accounts somebody made or took over since then, and they in turn."""
    rows = conn.execute(
        select(audit.c.actor_id, audit.c.target_id, audit.c.diff)
        .where(audit.c.at_us >= since_us, audit.c.action.in_(("user.create", "user.amend")))
        .order_by(audit.c.id)
    ).all()
    held = {asker}
    for actor, target, diff in rows:
        if not _is_harmless(diff) and standing.person_behind(conn, actor) in held:
            held.add(target)
    return frozenset(held - {asker})


def _is_harmless(diff: str) -> bool:
    changed = {one["path"] for one in msgspec.json.decode(diff)}
    return bool(changed) and changed <= _HARMLESS
