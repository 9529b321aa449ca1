"""``POST /api/v1/ads/replay`` and what becomes of it, on the console role."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from msgspec import UNSET, Struct, structs

from queqiao.decide.ads.contracts import Campaign, Placement, check_campaign
from queqiao.decide.ads.replay.auctions import Span
from queqiao.decide.ads.replay.change import NewCampaign, NewFloor
from queqiao.decide.ads.replay.jobs import Job, Jobs, Plan
from queqiao.decide.ads.replay.messages import (
    BODY_BYTES_MAX,
    DAYS_MAX,
    AuctionReplay,
    AuctionReplayRequest,
    CampaignChange,
)
from queqiao.decide.ads.replay.replay import Past
from queqiao.kernel.clock import DAY_US, business_day, day_start_us, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Language, Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource
from queqiao.kernel.text import clean

_ONE = Message("须给出 campaign 与 placement 之一", "give one of campaign and placement")
_NO_CAMPAIGN = Message("没有这个计划", "there is no such campaign")
_NO_PLACE = Message("没有这个广告位", "there is no such placement")
_ENDS = Message(
    f"须晚于 from，且最多相隔 {DAYS_MAX} 天", f"must be later than from, by at most {DAYS_MAX} days"
)


class Known(Struct, frozen=True):
    """A document by its id, with what a replay knows beside the log."""

    past: Past
    campaign: Campaign | None = None
    placement: Placement | None = None
    revision: int = 0


KnownOf = Callable[[str | None, str | None, int, int], Awaitable[Known]]
"""Gives what is known for a campaign's id or a placement's, and a range of time."""


class ReplayServices(Struct, frozen=True):
    """What the endpoints need."""

    known: KnownOf
    jobs: Jobs
    ids: IdSource
    zone: str


def handlers(services: ReplayServices) -> list[Route]:
    """Return the routes."""
    desk = _Desk(services)
    found = "/api/v1/ads/replays/{id}"
    return [
        Route(
            "POST", "/api/v1/ads/replay", desk.start,
            Message("在另一种设置下重演过去的竞价", "Hold past auctions again under a change"),
            "write", AuctionReplayRequest, AuctionReplay, ("ads",), BODY_BYTES_MAX, status=202,
        ),
        Route(
            "GET", found, desk.state,
            Message("重演的进度与结果", "How far a replay of auctions is, and its result"),
            "read", None, AuctionReplay, ("ads",),
        ),
        Route(
            "POST", f"{found}/cancel", desk.cancel,
            Message("停止重演", "End a replay of auctions"),
            "write", None, AuctionReplay, ("ads",),
        ),
    ]  # fmt: skip


class _Desk:
    def __init__(self, services: ReplayServices) -> None:
        self._services = services

    async def start(self, request: Request) -> Response:
        asked = request.decode(AuctionReplayRequest, BODY_BYTES_MAX)
        if (asked.campaign is None) == (asked.placement is None):
            raise InvalidInput(FieldError("campaign", _ONE))
        from_us, until_us = self._range(asked, request.now_us)
        plan = await self._plan(asked, from_us, until_us, request.now_us)
        job = self._services.jobs.start(self._services.ids.new().replace("-", ""), plan)
        answer = json_response(_view(job, request.language), 202)
        answer.headers = (("location", f"/api/v1/ads/replays/{job.id}"),)
        return answer

    async def state(self, request: Request) -> Response:
        return json_response(_view(self._services.jobs.get(_id(request)), request.language))

    async def cancel(self, request: Request) -> Response:
        return json_response(_view(self._services.jobs.cancel(_id(request)), request.language))

    async def _plan(
        self, asked: AuctionReplayRequest, from_us: int, until_us: int, now_us: int
    ) -> Plan:
        change, floor = asked.campaign, asked.placement
        names = (change.id if change else None, floor.id if floor else None)
        known = await self._services.known(*names, from_us, until_us)
        if change is not None:
            if known.campaign is None:
                raise InvalidInput(FieldError("campaign.id", _NO_CAMPAIGN))
            new = NewCampaign(
                change.id, known.revision, known.campaign, _changed(known.campaign, change)
            )
            span = Span(from_us, until_us, tuple(known.campaign.placements))
            return Plan(span, new, None, known.past, now_us)
        assert floor is not None
        if known.placement is None:
            raise InvalidInput(FieldError("placement.id", _NO_PLACE))
        other = NewFloor(floor.id, known.placement.floor_minor, floor.floor_minor)
        return Plan(Span(from_us, until_us, (floor.id,)), None, other, known.past, now_us)

    def _range(self, asked: AuctionReplayRequest, now_us: int) -> tuple[int, int]:
        """Return the range: yesterday's business day, if none is asked for."""
        zone = self._services.zone
        today = business_day(now_us, zone)
        yesterday = (date.fromisoformat(today) - timedelta(days=1)).isoformat()
        from_us, until_us = day_start_us(yesterday, zone), day_start_us(today, zone)
        if asked.from_ is not None:
            from_us = parse_rfc3339(asked.from_, "from")
            until_us = now_us
        if asked.until is not None:
            until_us = parse_rfc3339(asked.until, "until")
        if not from_us < until_us <= from_us + DAYS_MAX * DAY_US:
            raise InvalidInput(FieldError("until", _ENDS))
        return from_us, until_us


def _changed(campaign: Campaign, change: CampaignChange) -> Campaign:
    """Return the campaign's document as it is changed. Raises InvalidInput as publishing would."""
    fields = {
        name: value
        for name, value in structs.asdict(change).items()
        if name != "id" and value is not UNSET
    }
    after = structs.replace(campaign, **fields)
    try:
        check_campaign(after)
    except InvalidInput as error:
        raise InvalidInput(
            *(FieldError(f"campaign.{one.path}", one.message) for one in error.fields)
        ) from error
    return after


def _view(job: Job, language: Language) -> AuctionReplay:
    failure = job.failure
    return AuctionReplay(
        id=job.id,
        status=job.status,
        created_at=format_rfc3339(job.created_at_us),
        from_=format_rfc3339(job.from_us),
        until=format_rfc3339(job.until_us),
        auctions_total=job.auctions_total,
        auctions_read=job.auctions_read,
        result=job.result,
        error=None if failure is None else failure.zh if language == "zh" else failure.en,
    )


def _id(request: Request) -> str:
    try:
        return clean(request.params["id"], "id", 64)
    except InvalidInput as error:
        raise NotFound from error
