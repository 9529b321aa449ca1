"""The hot endpoints of referrals, on the ``decide`` role: a member's code, a newcomer's coming."""

from msgspec.structs import asdict

from queqiao.decide.promotions.coupons.customers import customer_of
from queqiao.decide.promotions.coupons.wallet import Wallets
from queqiao.decide.promotions.referrals import referral_rows
from queqiao.decide.promotions.referrals.messages import (
    AcceptedReferral,
    MemberView,
    NewMember,
    NewReferral,
    ReferralCounts,
)
from queqiao.decide.promotions.referrals.names import monthly_counter, total_counter
from queqiao.decide.promotions.referrals.referral_rows import Member, State
from queqiao.decide.promotions.referrals.referring import ReferralServices, Referring, Wish
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message, NotFound
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean

BYTES_MAX = 4_000
_TAGS = ("referrals",)
_NO_CODE = Message("该顾客还没有邀请码", "the customer has no code yet")


def referral_routes(services: ReferralServices, wallets: Wallets) -> list[Route]:
    """Return the routes of the ``decide`` role."""
    referring = Referring(services)

    async def join(request: Request) -> Response:
        said = request.decode(NewMember, BYTES_MAX) if request.body else NewMember()
        device = clean(said.device_id, "device_id", 200)
        address = clean(said.address, "address", 64)
        customer_id, now_us = customer_of(request.params["id"], "id"), request.now_us
        member = await referring.join(customer_id, device, address, now_us)
        return json_response(await _shown(services, referring, member, now_us))

    async def show(request: Request) -> Response:
        customer_id = customer_of(request.params["id"], "id")
        name = referring.programme().id
        member = await services.records.read(
            lambda conn: referral_rows.member_of(conn, name, customer_id)
        )
        if member is None:
            raise NotFound(_NO_CODE)
        return json_response(await _shown(services, referring, member, request.now_us))

    async def accept(request: Request) -> Response:
        said = request.decode(NewReferral, BYTES_MAX)
        wish = Wish(
            clean(said.code, "code", 64),
            customer_of(said.customer_id, "customer_id"),
            clean(said.device_id, "device_id", 200),
            clean(said.address, "address", 64),
            said.orders,
            request.now_us,
        )
        came = await referring.accept(wish)
        one = came.referral
        held = {came.batch.id: came.batch}
        (coupon,) = await wallets.shown([came.coupon], held, request.now_us)
        accepted, until = format_rfc3339(one.accepted_at_us), format_rfc3339(one.ends_us)
        found = AcceptedReferral(one.id, one.programme_id, one.state, accepted, until, coupon)
        return json_response(found, 201)

    path = "/api/v1/customers/{id}/referral-code"
    return [
        Route(
            "POST", path, join,
            Message("给顾客一个邀请码；已有则返回原来的",
                    "Give a customer a code to bring newcomers; once"),
            "decide", NewMember, MemberView, _TAGS, BYTES_MAX,
        ),
        Route(
            "GET", path, show, Message("顾客的邀请码与战绩", "A customer's code and newcomers"),
            "decide", response_type=MemberView, tags=_TAGS,
        ),
        Route(
            "POST", "/api/v1/referrals", accept,
            Message("新客使用邀请码，得到一张券", "A newcomer uses a code and gets a coupon"),
            "decide", NewReferral, AcceptedReferral, _TAGS, BYTES_MAX, status=201,
        ),
    ]  # fmt: skip


async def _shown(
    services: ReferralServices, referring: Referring, member: Member, now_us: int
) -> MemberView:
    programme = referring.programme()
    number = member.number
    counts = await services.records.read(
        lambda conn: referral_rows.counts(conn, programme.id, number)
    )
    month = monthly_counter(programme.id, number, programme.month(now_us))
    total = total_counter(programme.id, number)
    used = await services.ledger.balances([month, total])
    document = programme.document
    left = max(0, document.rewards_total - used[total].spent)
    this_month = max(0, document.rewards_per_month - used[month].spent)
    code = referring.names.code(programme.id, number)
    return MemberView(
        member.customer_id,
        programme.id,
        code,
        programme.link(code),
        format_rfc3339(member.joined_at_us),
        counted(counts),
        min(left, this_month),
        left,
    )


def counted(counts: dict[State, int]) -> ReferralCounts:
    """Return newcomers by what became of them; what is being reversed counts as reversed."""
    named = {
        "accepted": "waiting", "ordered": "ordered", "rewarded": "rewarded", "limited": "limited",
        "lapsed": "lapsed", "reversing": "reversed", "reversed": "reversed", "refused": "refused",
    }  # fmt: skip
    found = asdict(ReferralCounts())
    for state, count in counts.items():
        found[named[state]] += count
    return ReferralCounts(**found)
