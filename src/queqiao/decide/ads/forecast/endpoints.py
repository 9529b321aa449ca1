"""``POST /api/v1/forecast`` and ``POST /api/v1/targeting/reach``, on the console role."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from queqiao.decide.ads import checks
from queqiao.decide.ads.caps.document import check_caps
from queqiao.decide.ads.contracts import Targeting
from queqiao.decide.ads.forecast.forecaster import Case, Forecaster, Range
from queqiao.decide.ads.forecast.messages import (
    DAYS_MAX,
    DRAFT_BYTES_MAX,
    FROM_DAYS_MAX,
    Draft,
    Forecast,
    ForecastRequest,
    ReachAnswer,
    ReachRequest,
)
from queqiao.decide.ads.targeting.fields import FIELDS
from queqiao.decide.ads.targeting.parsing import parse
from queqiao.kernel.clock import DAY_US, parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, TooManyRequests
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.money import exponent

AHEAD_US = 7 * DAY_US
WAITING_MAX = 8
RETRY_S = 2
_BUSY = Message("预估正忙，请稍后再试", "forecasts are busy; try again soon")
_UNKNOWN = Message("没有这个广告位", "there is no such placement")
_ENDS = Message(
    f"须晚于 from，且最多相隔 {DAYS_MAX} 天", f"must be later than from, by at most {DAYS_MAX} days"
)
_TOO_FAR = Message(f"离现在最多 {FROM_DAYS_MAX} 天", f"must be within {FROM_DAYS_MAX} days of now")
_OTHER_CURRENCY = Message(
    "这个广告位用另一种货币", "this placement is in another currency; leave it out"
)


class ForecastServices(Struct, frozen=True):
    """What the endpoints need.

    ``forecaster`` gives that of the newest sample; ``currencies`` those of live placements by id.
    """

    forecaster: Callable[[], Awaitable[Forecaster]]
    currencies: Callable[[], Awaitable[Mapping[str, str]]]
    currency: str


def handlers(services: ForecastServices) -> list[Route]:
    """Return the routes."""
    desk = _Desk(services)
    return [
        Route(
            "POST", "/api/v1/forecast", desk.forecast,
            Message("预估一个计划的效果", "What would become of a draft campaign"),
            "read", ForecastRequest, Forecast, ("ads",), DRAFT_BYTES_MAX,
        ),
        Route(
            "POST", "/api/v1/targeting/reach", desk.reach,
            Message("定向能覆盖多少人", "How many people a targeting reaches"),
            "read", ReachRequest, ReachAnswer, ("ads",), DRAFT_BYTES_MAX,
        ),
    ]  # fmt: skip


class _Desk:
    """Forecasts are reckoned one at a time, beside the event loop."""

    def __init__(self, services: ForecastServices) -> None:
        self._services = services
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="forecast")
        self._waiting = 0

    async def forecast(self, request: Request) -> Response:
        asked = request.decode(ForecastRequest, DRAFT_BYTES_MAX)
        _check(asked.campaign)
        from_us, until_us = _span(asked, request.now_us)
        draft = asked.campaign
        places, currency = await self._places(draft.placements, draft.currency, "campaign.")
        case = Case(draft, asked.campaign_id, Range(from_us, until_us, places, currency))
        return await self._beside(lambda forecaster: forecaster.forecast(case))

    async def reach(self, request: Request) -> Response:
        asked = request.decode(ReachRequest, DRAFT_BYTES_MAX)
        _check_targeting(asked.targeting, "targeting")
        places, currency = await self._places(asked.placements, None, "")
        span = Range(request.now_us, request.now_us + AHEAD_US, places, currency)
        return await self._beside(lambda forecaster: forecaster.reach(asked.targeting, span))

    async def _places(
        self, wanted: Sequence[str], currency: str | None, path: str
    ) -> tuple[tuple[str, ...], str]:
        """Return the places that are meant, and their one currency."""
        known = await self._services.currencies()
        if not wanted:
            currency = currency or self._services.currency
            return tuple(name for name, theirs in known.items() if theirs == currency), currency
        wrong = [
            FieldError(f"{path}placements[{at}]", _UNKNOWN)
            for at, name in enumerate(wanted)
            if name not in known
        ]
        if wrong:
            raise InvalidInput(*wrong)
        currency = currency or known[wanted[0]]
        others = [at for at, name in enumerate(wanted) if known[name] != currency]
        if others and path:
            raise InvalidInput(
                *(FieldError(f"{path}placements[{at}]", _OTHER_CURRENCY) for at in others)
            )
        return tuple(wanted), currency

    async def _beside(self, work: Callable[[Forecaster], Forecast | ReachAnswer]) -> Response:
        if self._waiting >= WAITING_MAX:
            raise TooManyRequests(_BUSY, retry_after_s=RETRY_S)
        self._waiting += 1
        try:
            forecaster = await self._services.forecaster()
            loop = asyncio.get_running_loop()
            return json_response(await loop.run_in_executor(self._thread, work, forecaster))
        finally:
            self._waiting -= 1


def _check(draft: Draft) -> None:
    found = [*check_caps(draft.caps), *checks.hours(draft.hours)]
    wrong = [FieldError(f"campaign.{error.path}", error.message) for error in found]
    if wrong:
        raise InvalidInput(*wrong)
    if draft.currency is not None:
        exponent(draft.currency, "campaign.currency")
    _check_targeting(draft.targeting, "campaign.targeting")


def _check_targeting(targeting: Targeting, path: str) -> None:
    if targeting.expression is not None:
        parse(targeting.expression, f"{path}.expression", fields=FIELDS)


def _span(asked: ForecastRequest, now_us: int) -> tuple[int, int]:
    """Return the range: what is asked for, within the campaign's own time."""
    draft = asked.campaign
    start = now_us if asked.from_ is None else parse_rfc3339(asked.from_, "from")
    if abs(start - now_us) > FROM_DAYS_MAX * DAY_US:
        raise InvalidInput(FieldError("from", _TOO_FAR))
    end = start + AHEAD_US if asked.until is None else parse_rfc3339(asked.until, "until")
    if not start < end <= start + DAYS_MAX * DAY_US:
        raise InvalidInput(FieldError("until", _ENDS))
    if draft.starts_at is not None:
        start = min(end, max(start, parse_rfc3339(draft.starts_at, "campaign.starts_at")))
    if draft.ends_at is not None:
        end = min(end, parse_rfc3339(draft.ends_at, "campaign.ends_at"))
    return start, max(start, end)
