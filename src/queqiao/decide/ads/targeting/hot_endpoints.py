"""``POST /api/v1/targeting/match``: which of some expressions hold for some attributes."""

import asyncio
from typing import Annotated, Any

from msgspec import Meta, Struct

from queqiao.decide.ads.targeting.parsing import parse
from queqiao.decide.ads.targeting.situation import Situation, situation
from queqiao.decide.ads.targeting.tree import Node, holds, judge
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response

BODY_BYTES_MAX = 4_000_000
EXPRESSIONS_MAX = 10_000
BESIDE_THE_LOOP_BYTES = 50_000
"""Larger bodies are answered in a thread, so that other requests need not wait."""

_TWICE = Message("id 重复，请改名", "stands twice; give each expression an id of its own")


class NamedExpression(Struct, frozen=True, forbid_unknown_fields=True):
    """One expression, under the id by which the answer names it."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    expression: Annotated[
        dict[str, Any],
        Meta(
            description='{"and": […]}, {"or": […]}, {"not": …}'
            ' or {"field", "op", "value", "timezone"?}; see docs/guides/targeting.md'
        ),
    ]


class MatchRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the expressions hold? ``attributes`` are what is known; ``now`` is the moment."""

    expressions: Annotated[list[NamedExpression], Meta(max_length=EXPRESSIONS_MAX)]
    attributes: dict[str, Any] = {}
    explain: bool = False


class Explained(Struct, frozen=True):
    """Why an expression holds or not: the clause that decided, and what it saw.

    ``seen`` is null where nothing is known, or where the clause is a junction as a whole.
    """

    id: str
    holds: bool
    clause: str
    seen: Any


class MatchResponse(Struct, frozen=True):
    """The ids of the expressions that hold, as they were asked. ``explained`` goes with explain."""

    matches: list[str]
    explained: list[Explained] | None = None


def routes(zone: str = DEFAULT_ZONE) -> list[Route]:
    """Return the route. ``zone`` is that of clauses of time which name none."""

    async def match(request: Request) -> Response:
        if len(request.body) > BESIDE_THE_LOOP_BYTES:
            return json_response(await asyncio.to_thread(_answer, request, zone))
        return json_response(_answer(request, zone))

    return [
        Route(
            "POST",
            "/api/v1/targeting/match",
            match,
            Message("哪些定向条件成立", "Which targeting expressions hold"),
            scope="decide",
            request_type=MatchRequest,
            response_type=MatchResponse,
            tags=("ads",),
            body_max=BODY_BYTES_MAX,
        )
    ]


def _answer(request: Request, zone: str) -> MatchResponse:
    asked = request.decode(MatchRequest, BODY_BYTES_MAX)
    seen = situation(asked.attributes, request.now_us)
    trees: dict[str, Node] = {}
    for at, each in enumerate(asked.expressions):
        if each.id in trees:
            raise InvalidInput(FieldError(f"expressions[{at}].id", _TWICE))
        trees[each.id] = parse(each.expression, f"expressions[{at}].expression", zone=zone)
    matches = [name for name, tree in trees.items() if holds(tree, seen)]
    return MatchResponse(matches, _explained(trees, seen) if asked.explain else None)


def _explained(trees: dict[str, Node], situation: Situation) -> list[Explained]:
    told = []
    for name, tree in trees.items():
        verdict = judge(tree, situation)
        told.append(Explained(name, verdict.holds, verdict.path, verdict.seen_as_json()))
    return told
