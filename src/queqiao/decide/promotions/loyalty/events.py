"""What points tell the event log: once each movement, once each change of tier."""

from typing import Any, NamedTuple

from queqiao.decide.promotions.documents.points_programme import Holds
from queqiao.decide.promotions.loyalty.account_rows import Account, Kind, Move
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.vocabulary import PointsMoved, StoreCreditMoved, TierChanged
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.own import own_event

_NAMES: dict[Kind, str] = {
    "earned": "Earned",
    "spent": "Spent",
    "returned": "Returned",
    "taken_back": "Taken Back",
    "adjusted": "Adjusted",
    "expired": "Expired",
    "written_off": "Expired",
}


class Unit(NamedTuple):
    """What a programme's accounts hold; ``currency`` is that of money."""

    holds: Holds = "points"
    currency: str = ""


def of_move(account: Account, move: Move, unit: Unit) -> NewEvent:
    """Return the event of a movement; one of an erased customer names nobody."""
    came = move.amount > 0
    of = {
        "order_id": move.order_id or None,
        "available_at": _time(move.available_at_us) if came else None,
        "expires_at": _time(move.expires_at_us) if came else None,
    }
    amount, name = abs(move.amount), _NAMES[move.kind]
    moved: PointsMoved | StoreCreditMoved
    if unit.holds == "money":
        moved = StoreCreditMoved(move.programme_id, amount, unit.currency, came, **of)
        name = f"Store Credit {name}"
    else:
        moved = PointsMoved(move.programme_id, amount, came, **of)
        name = f"Points {name}"
    return _event(f"points-{move.id}", name, moved, account, move.at_us)


def of_tier(account: Account, before: str, now_us: int) -> NewEvent:
    """Return the event of an account whose tier is another than before."""
    changed = TierChanged(account.programme_id, account.tier or None, before or None)
    return _event(f"tier-{account.id}-{account.version}", "Tier Changed", changed, account, now_us)


def _event(message_id: str, name: str, properties: Any, account: Account, now_us: int) -> NewEvent:
    return own_event(
        message_id,
        name,
        properties,
        now_us,
        user_id=account.customer_id or None,
        anonymous_id=None if account.customer_id else f"points-{account.id}",
    )


def _time(us: int) -> str | None:
    return format_rfc3339(us) if 0 < us < FOREVER_US else None
