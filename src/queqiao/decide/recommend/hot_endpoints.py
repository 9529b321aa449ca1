"""``POST /api/v1/recommendations``: the hot path of recommendation."""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b

import msgspec

from queqiao.decide.recommend import ranking
from queqiao.decide.recommend.contracts import Recommendations, RecommendedItem
from queqiao.decide.recommend.model import ItemModel
from queqiao.kernel import json
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import RandomBits, uuid7
from queqiao.kernel.randomness import Randomness
from queqiao.kernel.text import clean
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.deadline import append_soon
from queqiao.profile.contracts import Told

ITEMS_MAX = 100
EXCLUDED_MAX = 1000
CONTEXT_ITEMS_MAX = 50
ID_LENGTH_MAX = 256
NO_MODEL = "newest"
RECENT_GOODS_MAX = 10
"""Of what a person lately put into the cart or saw, where the caller names no goods."""
JUST_BOUGHT_US = 7 * DAY_US
"""For so long what was bought is not recommended again."""
SOURCE = "queqiao.recommend"


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who looks. At least one of the two is given for the log to be of use; both may be absent."""

    id: str | None = None
    anonymous_id: str | None = None


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is looked at: one item, and further ones (the cart, what was seen before)."""

    sku: str | None = None
    skus: list[str] = []


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of the request."""

    user: User = User()
    context: Context = Context()
    placement: str | None = None
    n: int = 10
    exclude: list[str] = []


class RecommendServices(msgspec.Struct, frozen=True):
    """What the endpoint needs.

    ``model`` returns the present model or None; ``newest_skus`` the newest items of the catalogue
    that can be sold, for when there is no model; both are in-memory looks. ``told`` returns what
    is known of a person by their ids at a moment, in time, whatever happens.
    """

    model: Callable[[], ItemModel | None]
    newest_skus: Callable[[], Sequence[str]]
    told: Callable[[Sequence[str], int], Awaitable[Told]]
    log: EventLog
    random_bits: RandomBits


class Goods(msgspec.Struct, frozen=True):
    """What an answer is made from: goods to go by, goods to leave out, and those just bought."""

    context: list[str]
    exclude: list[str]
    bought: list[str]


def routes(services: RecommendServices) -> list[Route]:
    """Return the hot routes of recommendation."""

    async def recommend(request: Request) -> Response:
        return json_response(await answer(services, request))

    return [
        Route(
            method="POST",
            path="/api/v1/recommendations",
            handler=recommend,
            summary=Message("推荐商品，附理由和概率", "Recommend items, with reasons and chances"),
            scope="decide",
            request_type=Ask,
            response_type=Recommendations,
            tags=("recommendations",),
        )
    ]


async def answer(services: RecommendServices, request: Request) -> Recommendations:
    """Return the answer once its event is on disk.

    Raises InvalidInput, StorageFull, and Unavailable when the log does not take it in time.
    """
    ask = request.decode(Ask)
    _check(ask)
    decision_id = uuid7(request.now_us, services.random_bits)
    told = await services.told([ask.user.id or "", ask.user.anonymous_id or ""], request.now_us)
    goods = _goods(ask, told, request.now_us)
    model = services.model()
    name = NO_MODEL if model is None else model.name
    found = _candidates(goods, ask.n, model, services.newest_skus)
    chance = Randomness(name).stream("recommend", decision_id)
    given = Recommendations(decision_id, ranking.draw(found, ask.n, chance), name, told.known)
    await append_soon(services.log, [_served(ask, goods, given, request.now_us)])
    return given


def _goods(ask: Ask, told: Told, now_us: int) -> Goods:
    """Return what the caller named, and what the person's last days add to it."""
    first = () if ask.context.sku is None else (ask.context.sku,)
    context, recent = [*first, *ask.context.skus], told.recent
    if recent is None:
        return Goods(context, ask.exclude, [])
    bought = [one.sku for one in recent.bought if one.at_us > now_us - JUST_BOUGHT_US]
    if not context:
        lately = dict.fromkeys(one.sku for one in (*recent.carted, *recent.viewed))
        context = [sku for sku in lately if sku not in bought][:RECENT_GOODS_MAX]
    return Goods(context, ask.exclude, bought)


def _candidates(
    goods: Goods, n: int, model: ItemModel | None, newest_skus: Callable[[], Sequence[str]]
) -> list[ranking.Candidate]:
    out = frozenset((*goods.exclude, *goods.bought))
    if model is not None:
        return ranking.candidates(model, goods.context, out, n)
    fresh = ranking.newest(newest_skus(), {*out, *goods.context})
    return fresh[: n * ranking.CANDIDATES_PER_PLACE]


def _check(ask: Ask) -> None:
    if not 1 <= ask.n <= ITEMS_MAX:
        message = Message(f"须在 1 到 {ITEMS_MAX} 之间", f"must be between 1 and {ITEMS_MAX}")
        raise InvalidInput(FieldError("n", message))
    _check_ids("exclude", ask.exclude, EXCLUDED_MAX)
    _check_ids("context.skus", ask.context.skus, CONTEXT_ITEMS_MAX)
    single = {
        "context.sku": ask.context.sku,
        "user.id": ask.user.id,
        "user.anonymous_id": ask.user.anonymous_id,
        "placement": ask.placement,
    }
    for path, text in single.items():
        clean(text or "", path, ID_LENGTH_MAX)


def _check_ids(path: str, ids: Sequence[str], count_max: int) -> None:
    if len(ids) > count_max:
        message = Message(f"最多 {count_max} 个", f"at most {count_max} of them")
        raise InvalidInput(FieldError(path, message))
    for at, text in enumerate(ids):
        clean(text, f"{path}[{at}]", ID_LENGTH_MAX)


def _served(ask: Ask, goods: Goods, given: Recommendations, now_us: int) -> NewEvent:
    """Return the event that tells of the answer; it holds all that repeats the draw."""
    properties = {
        "decision_id": given.decision_id,
        "placement_id": ask.placement,
        "model": given.model,
        "person": given.person,
        "context_skus": [sku for sku in goods.context if sku],
        "bought_skus": goods.bought,
        "excluded": len(ask.exclude),
        "products": [_product(place, item) for place, item in enumerate(given.items, 1)],
    }
    body = encode_envelope(
        Envelope(
            message_id=given.decision_id,
            type="track",
            event="Recommendation Served",
            timestamp_us=now_us,
            received_at_us=now_us,
            source=SOURCE,
            anonymous_id=ask.user.anonymous_id,
            user_id=ask.user.id,
            properties=msgspec.Raw(json.encode(properties)),
        )
    )
    return NewEvent(SOURCE, given.decision_id, body, blake2b(body, digest_size=8).digest())


def _product(place: int, item: RecommendedItem) -> dict[str, object]:
    return {
        "sku": item.sku,
        "position": place,
        "reason": item.reason.kind,
        "because_of": item.reason.sku,
        "score": item.score,
        "propensity": item.propensity,
    }
