"""The routes of the effect of promotions: one in full, many in a table, and the reconciliation."""

from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.measure.promotion_effect.contracts import Effect, Effects, Reconciliation
from queqiao.measure.promotion_effect.effect import EffectServices, effect, effects
from queqiao.measure.promotion_effect.question import OF_MANY, OF_ONE, question_of
from queqiao.measure.promotion_effect.reconciling import reconcile

_TAGS = ("promotions",)


def effect_routes(services: EffectServices) -> list[Route]:
    """Return the routes."""

    async def one(request: Request) -> Response:
        question = question_of(request.query, OF_ONE, services.zone)
        return json_response(await effect(services, request.params["id"], question, request.now_us))

    async def many(request: Request) -> Response:
        question = question_of(request.query, OF_MANY, services.zone)
        return json_response(await effects(services, question, request.now_us))

    async def proof(request: Request) -> Response:
        return json_response(await reconcile(services, request.params["id"], request.now_us))

    return [
        Route(
            "GET", "/api/v1/promotions/{id}/effect", one,
            Message("促销效果", "What a promotion gave and what it brought"),
            "read", None, Effect, _TAGS,
        ),
        Route(
            "GET", "/api/v1/promotion_effects", many,
            Message("全部促销的效果", "The effect of all promotions of a period"),
            "read", None, Effects, _TAGS,
        ),
        Route(
            "GET", "/api/v1/promotions/{id}/effect/reconciliation", proof,
            Message("核对促销效果与账本", "The figures of a promotion against the ledger"),
            "read", None, Reconciliation, _TAGS,
        ),
    ]  # fmt: skip
