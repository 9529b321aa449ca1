"""The endpoints of the rehearsal, on the console role; heavy work runs beside its loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

import msgspec

from queqiao.decide.promotions.documents.promotion import InlinePromotion, PromotionDocument
from queqiao.decide.promotions.rehearsal import answers
from queqiao.decide.promotions.rehearsal.calendar import compared, overlaps, planned
from queqiao.decide.promotions.rehearsal.findings import findings
from queqiao.decide.promotions.rehearsal.lowest_price import Terms, lowest_prices
from queqiao.decide.promotions.rehearsal.messages import (
    Asked,
    CalendarView,
    FindingList,
    FindingsQuestion,
    LowestPriceQuestion,
    LowestPrices,
    OrderReplayView,
    ReplayQuestion,
    WorstCartAnswer,
    WorstCartQuestion,
)
from queqiao.decide.promotions.rehearsal.replays import Plan, Replays, SegmentsOf
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.thin import thin_skus
from queqiao.decide.promotions.rehearsal.worst_cart import worst_cart
from queqiao.kernel.clock import DAY_US, parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound, TooManyRequests
from queqiao.kernel.http import Handler, Request, Response, Route, Scope, json_response
from queqiao.kernel.ids import IdSource
from queqiao.kernel.text import clean

ASKED_BYTES_MAX = 8_000_000
SPAN_DAYS_MAX = 366
WAITING_MAX = 8
"""How many rehearsals may wait for one another."""

RETRY_S = 5
AHEAD_US = 30 * DAY_US
BACK_US = 7 * DAY_US
_TAGS = ("promotions",)
T = TypeVar("T")

Rules = Callable[[Sequence[InlinePromotion]], Awaitable[Rulebook]]
Stored = Callable[[], Awaitable[list[tuple[str, PromotionDocument, str]]]]


class RehearsalServices(msgspec.Struct, frozen=True):
    """What the endpoints need.

    ``rules`` puts drafts beside the live rules; ``stored`` gives every promotion that is not
    archived with its state; ``segments`` says in which segments customers are today. ``currency``
    and ``zone`` are the shop's.
    """

    rules: Rules
    stored: Stored
    segments: Callable[[], Awaitable[SegmentsOf]]
    replays: Replays
    ids: IdSource
    currency: str
    zone: str


def handlers(services: RehearsalServices) -> list[Route]:
    """Return the routes of the console role."""
    desk = _Desk(services)
    base = "/api/v1/promotions"

    def post(verb: str, handler: Handler, question: Any, answer: Any, status: int = 200) -> Route:
        return Route(
            "POST",
            f"{base}/{verb}",
            handler,
            _SUMMARIES[verb],
            "write" if status == 202 else "read",
            question,
            answer,
            _TAGS,
            ASKED_BYTES_MAX,
            status=status,
        )

    def plain(method: Literal["GET", "POST"], path: str, handler: Handler, answer: Any) -> Route:
        said = _SUMMARIES[path]
        scope: Scope = "read" if method == "GET" else "write"
        return Route(method, f"{base}/{path}", handler, said, scope, None, answer, _TAGS)

    return [
        post("lowest-price", desk.lowest_price, LowestPriceQuestion, LowestPrices),
        post("worst-cart", desk.worst_cart, WorstCartQuestion, WorstCartAnswer),
        post("findings", desk.findings, FindingsQuestion, FindingList),
        post("replay", desk.replay, ReplayQuestion, OrderReplayView, 202),
        plain("GET", "replays/{id}", desk.replay_state, OrderReplayView),
        plain("POST", "replays/{id}/cancel", desk.cancel, OrderReplayView),
        plain("GET", "calendar", desk.calendar, CalendarView),
    ]


_SUMMARIES = {
    "lowest-price": Message(
        "破价检查：最低可达价及其叠加", "The lowest price that can be reached, and its stack"
    ),
    "worst-cart": Message("最坏购物车", "The cart on which the shop loses most"),
    "findings": Message(
        "规则体检：不会生效、互相顶替、低于成本",
        "Rules that never fire, displace each other, or sell below cost",
    ),
    "replay": Message("用草稿重算过去的订单", "Price past orders again under a draft"),
    "replays/{id}": Message("重算进度与结果", "How far a replay is, and its result"),
    "replays/{id}/cancel": Message("停止重算", "End a replay"),
    "calendar": Message("促销日历：重叠与价格冲突", "The calendar: overlaps, conflicts of price"),
}


class _Desk:
    def __init__(self, services: RehearsalServices) -> None:
        self._services = services
        self._one = asyncio.Lock()
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rehearsal")

    async def lowest_price(self, request: Request) -> Response:
        asked = request.decode(LowestPriceQuestion, ASKED_BYTES_MAX)
        terms = self._terms(asked, request.now_us, asked.quantity_max)

        def work(rules: Rulebook) -> LowestPrices:
            skus = asked.skus or thin_skus(rules, terms.currency)
            _refuse_unknown(rules, skus)
            found, complete = lowest_prices(rules, skus, terms)
            return LowestPrices([answers.lowest(one, rules.costs) for one in found], complete)

        return json_response(await self._beside(asked.promotions, work))

    async def worst_cart(self, request: Request) -> Response:
        asked = request.decode(WorstCartQuestion, ASKED_BYTES_MAX)
        terms = self._terms(asked, request.now_us, asked.quantity_max)
        found = await self._beside(
            asked.promotions, lambda rules: worst_cart(rules, terms, asked.goal)
        )
        if found is None:
            message = Message("没有以此币种定价的商品", "no goods are priced in this currency")
            raise InvalidInput(FieldError("currency", message))
        return json_response(answers.worst(found))

    async def findings(self, request: Request) -> Response:
        asked = request.decode(FindingsQuestion, ASKED_BYTES_MAX)
        terms = self._terms(asked, request.now_us)

        def work(rules: Rulebook) -> FindingList:
            wanted = rules.drafts if asked.only_drafts else rules.documents
            items = [
                answers.finding(one, rules, request.language)
                for one in findings(rules, terms)
                if one.promotion_id in wanted
            ]
            return FindingList(items)

        return json_response(await self._beside(asked.promotions, work))

    async def replay(self, request: Request) -> Response:
        asked = request.decode(ReplayQuestion, ASKED_BYTES_MAX)
        services = self._services
        from_us, until_us = _span(asked, request.now_us - BACK_US, request.now_us)
        currency = asked.currency or services.currency
        async with self._turn():
            plan = Plan(
                await services.rules(()), await services.rules(asked.promotions),
                asked.promotions, (from_us, until_us, currency), await services.segments(),
                asked.profile, request.now_us, services.zone,
            )  # fmt: skip
            job = services.replays.start(services.ids.new().replace("-", ""), plan)
        answer = json_response(answers.replay(job, request.language), 202)
        answer.headers = (("location", f"/api/v1/promotions/replays/{job.id}"),)
        return answer

    async def replay_state(self, request: Request) -> Response:
        job = self._services.replays.get(_id(request))
        return json_response(answers.replay(job, request.language))

    async def cancel(self, request: Request) -> Response:
        job = self._services.replays.cancel(_id(request))
        return json_response(answers.replay(job, request.language))

    async def calendar(self, request: Request) -> Response:
        asked = Asked(from_=request.query.get("from"), until=request.query.get("until"))
        from_us, until_us = _span(asked, request.now_us, request.now_us + AHEAD_US)
        stored = await self._services.stored()
        plan = planned(stored, from_us, until_us)
        looked_at = compared(plan, from_us, until_us)
        currency = self._services.currency

        def work(rules: Rulebook) -> CalendarView:
            found = overlaps(looked_at, rules, from_us, until_us, currency)
            return answers.calendar(plan, found, rules.costs, len(looked_at))

        drafts = answers.inline(looked_at)
        return json_response(await self._beside(drafts, work))

    async def _beside(self, drafts: Sequence[InlinePromotion], work: Callable[[Rulebook], T]) -> T:
        """Work on a thread, one rehearsal at a time: a machine has other things to do."""
        async with self._turn():
            rules = await self._services.rules(drafts)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, work, rules)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for one's turn; who would wait behind too many is told to come again."""
        if self._waiting >= WAITING_MAX:
            message = Message("预演正忙，请稍后再试", "rehearsals are busy; try again soon")
            raise TooManyRequests(message, retry_after_s=RETRY_S)
        self._waiting += 1
        try:
            async with self._one:
                yield
        finally:
            self._waiting -= 1

    def _terms(self, asked: Asked, now_us: int, quantity_max: int = 20) -> Terms:
        from_us, until_us = _span(asked, now_us, now_us + AHEAD_US)
        currency = asked.currency or self._services.currency
        return Terms(from_us, until_us, currency, quantity_max, asked.profile, self._services.zone)


def _span(asked: Asked, from_us: int, until_us: int) -> tuple[int, int]:
    start = from_us if asked.from_ is None else parse_rfc3339(asked.from_, "from")
    end = until_us if asked.until is None else parse_rfc3339(asked.until, "until")
    if not start < end <= start + SPAN_DAYS_MAX * DAY_US:
        message = Message(
            f"须晚于 from，且最多相隔 {SPAN_DAYS_MAX} 天",
            f"must be later than from, by at most {SPAN_DAYS_MAX} days",
        )
        raise InvalidInput(FieldError("until", message))
    return start, end


def _refuse_unknown(rules: Rulebook, skus: Sequence[str]) -> None:
    for place, sku in enumerate(skus):
        if rules.shop.price_book.goods(sku) is None:
            message = Message("目录中没有这个 SKU", "no such SKU in the catalogue")
            raise InvalidInput(FieldError(f"skus[{place}]", message))


def _id(request: Request) -> str:
    try:
        return clean(request.params["id"], "id", 64)
    except InvalidInput as error:
        raise NotFound from error
