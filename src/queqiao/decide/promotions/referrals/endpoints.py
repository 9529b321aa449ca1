"""The management endpoints of referrals beside the programmes' documents."""

from msgspec import Struct
from sqlalchemy import Connection

from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.decide.promotions.referrals import referral_rows
from queqiao.decide.promotions.referrals.contracts import REFERRAL_PROGRAMME
from queqiao.decide.promotions.referrals.hot_endpoints import counted
from queqiao.decide.promotions.referrals.messages import (
    GivenRewards,
    ReferralFigures,
    ReferralList,
    ReferralView,
    SignalCount,
)
from queqiao.decide.promotions.referrals.referral_rows import STATES, Referral, State
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records

_TAGS = ("referrals",)
_PATH = "/api/v1/referral-programmes/{id}"
_CURSOR = "referrals"


class Place(Struct, frozen=True, array_like=True):
    """Where a page of referrals ended."""

    accepted_at_us: int
    id: str


def handlers(records: Records, signer: Signer) -> list[Route]:
    """Return the routes of the console role."""

    async def figures(request: Request) -> Response:
        name = _id(request)
        return json_response(await records.read(lambda conn: _figures(conn, name)))

    async def page(request: Request) -> Response:
        name, state, limit = _id(request), _state_of(request), limit_of(request)
        after = cursor_of(request, signer, _CURSOR, Place)
        place = None if after is None else (after.accepted_at_us, after.id)
        found = await records.read(lambda conn: _page(conn, name, state, place, limit + 1))
        cursor = None
        if len(found) > limit:
            last = found[limit - 1][0]
            cursor = cursor_after(signer, _CURSOR, Place(last.accepted_at_us, last.id))
        items = [_view(one, member_id) for one, member_id in found[:limit]]
        return json_response(ReferralList(items, cursor))

    return [
        Route(
            "GET", f"{_PATH}/statistics", figures,
            Message("老带新的数字：邀请、下单、奖励、拒绝原因",
                    "A referral programme's figures: newcomers, rewards, refusals"),
            "read", response_type=ReferralFigures, tags=_TAGS,
        ),
        Route(
            "GET", f"{_PATH}/referrals", page,
            Message("谁带来了谁，结果如何", "Who brought whom, and what became of it"),
            "read", response_type=ReferralList, tags=_TAGS,
        ),
    ]  # fmt: skip


def _figures(conn: Connection, name: str) -> ReferralFigures:
    documents.get(conn, REFERRAL_PROGRAMME, name)
    newcomers = counted(referral_rows.counts(conn, name))
    ordered = newcomers.ordered + newcomers.rewarded + newcomers.limited + newcomers.reversed
    came = ordered + newcomers.waiting + newcomers.lapsed
    rewards = sorted(referral_rows.given(conn, name).items())
    refused = sorted(referral_rows.signals(conn, name).items())
    return ReferralFigures(
        name,
        referral_rows.member_count(conn, name),
        newcomers,
        round(100 * ordered / came, 1) if came else 0.0,
        [GivenRewards(kind, count, amount) for kind, (count, amount) in rewards],
        [SignalCount(signal, count) for signal, count in refused],
    )


def _page(
    conn: Connection, name: str, state: State | None, after: tuple[int, str] | None, limit: int
) -> list[tuple[Referral, str]]:
    documents.get(conn, REFERRAL_PROGRAMME, name)
    found = referral_rows.page(conn, name, state, after, limit)
    numbers = {one.number for one in found}
    who = {number: referral_rows.member(conn, name, number) for number in numbers}
    return [(one, (m.customer_id if (m := who[one.number]) else "")) for one in found]


def _view(one: Referral, member_id: str) -> ReferralView:
    waits = one.state == "ordered"
    has_amount = one.reward_type not in {"", "coupon"}
    return ReferralView(
        one.id,
        member_id,
        one.newcomer_id,
        one.state,
        one.signal or None,
        format_rfc3339(one.accepted_at_us),
        one.redemption_id or None,
        format_rfc3339(one.due_us) if waits and one.due_us < FOREVER_US else None,
        one.reward_type or None,
        one.reward_amount if has_amount else None,
        format_rfc3339(one.rewarded_at_us) if one.rewarded_at_us else None,
    )


def _state_of(request: Request) -> State | None:
    state = request.query.get("state", "")
    if state and state not in STATES:
        known = ", ".join(STATES)
        raise InvalidInput(FieldError("state", Message(f"可以是 {known}", f"one of {known}")))
    return state or None


def _id(request: Request) -> str:
    return clean(request.params["id"], "id", 64)
