"""The management endpoints of points beside the programmes' documents."""

import msgspec

from queqiao.decide.promotions.coupons.customers import customer_of
from queqiao.decide.promotions.coupons.gift_endpoints import actor_of
from queqiao.decide.promotions.loyalty.adjusting import Adjusting, Adjustment, Who
from queqiao.decide.promotions.loyalty.asked import Asked, of_programme
from queqiao.decide.promotions.loyalty.course import PointsCourse, PointsCourseQuestion, course
from queqiao.decide.promotions.loyalty.operators import PointsFigures, PointsOffice, PointsProof
from queqiao.decide.promotions.loyalty.showing import CustomerPoints
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import whole_of
from queqiao.kernel.text import clean
from queqiao.ports.records.base import Records

DAYS_DEFAULT, DAYS_MAX = 30, 400
_TAGS = ("points",)
_PATH = "/api/v1/points-programmes/{id}"


class AskedAdjustment(msgspec.Struct, frozen=True):
    """An adjustment that waits; ``id`` is the ``target_id`` of its approval."""

    id: str
    customer_id: str
    points: int
    reason: str
    request_id: str
    asked_by: str
    expires_at: str


class AskedAdjustments(msgspec.Struct, frozen=True):
    """What waits, the next to end first."""

    items: list[AskedAdjustment]


def handlers(office: PointsOffice) -> list[Route]:
    """Return the routes of the console role beside ``adjust_route``."""

    async def figures(request: Request) -> Response:
        days = whole_of(request, "days", 1, DAYS_MAX, DAYS_DEFAULT)
        return json_response(await office.figures(_id(request), days, request.now_us))

    async def proof(request: Request) -> Response:
        return json_response(await office.prove(_id(request), request.now_us))

    async def preview(request: Request) -> Response:
        asked = request.decode(PointsCourseQuestion)
        return json_response(course(asked, office.zone, request.now_us))

    return [
        Route(
            "POST", "/api/v1/points-programmes/preview", preview,
            Message("试算积分计划：每月消费若干的顾客会怎样",
                    "Try a programme: what becomes of a customer who spends so much a month"),
            "read", PointsCourseQuestion, PointsCourse, _TAGS,
        ),
        Route(
            "GET", f"{_PATH}/statistics", figures,
            Message("积分计划的数字：未用积分、负债、每日与等级",
                    "A programme's figures: outstanding, liability, by day, by tier"),
            "read", response_type=PointsFigures, tags=_TAGS,
        ),
        Route(
            "GET", f"{_PATH}/proof", proof,
            Message("核对积分账目：变动之和等于余额",
                    "Prove the books: movements add up to balances"),
            "read", response_type=PointsProof, tags=_TAGS,
        ),
    ]  # fmt: skip


def adjust_route(adjusting: Adjusting) -> Route:
    """Return the route of an adjustment. It leaves its own audit row, with the reason."""

    async def adjust(request: Request) -> Response:
        wanted = cleaned(request.decode(Adjustment))
        who = Who(actor_of(request), request.now_us)
        return json_response(await adjusting.adjust(_id(request), wanted, who))

    return Route(
        "POST", f"{_PATH}/adjustments", adjust,
        Message("人工调整一位顾客的积分，须写原因", "Adjust a customer's points, with a reason"),
        "write", Adjustment, CustomerPoints, _TAGS,
    )  # fmt: skip


def asked_route(records: Records) -> Route:
    """Return the route of what waits for a second person; an approval's target names one."""

    async def waiting(request: Request) -> Response:
        name, now_us = _id(request), request.now_us
        found = await records.read(lambda conn: of_programme(conn, name, now_us))
        return json_response(AskedAdjustments([_shown(one) for one in found]))

    return Route(
        "GET", f"{_PATH}/adjustments/asked", waiting,
        Message("待他人批准的人工调整", "Adjustments that wait for a second person"),
        "read", response_type=AskedAdjustments, tags=_TAGS,
    )  # fmt: skip


def cleaned(asked: Adjustment) -> Adjustment:
    """Return what was asked for with its texts in order. Raises InvalidInput."""
    return Adjustment(
        customer_of(asked.customer_id, "customer_id"),
        asked.points,
        clean(asked.reason, "reason", 500),
        clean(asked.request_id, "request_id", 200),
    )


def _shown(one: Asked) -> AskedAdjustment:
    return AskedAdjustment(
        one.id, one.customer_id, one.points, one.reason, one.request_id, one.actor,
        format_rfc3339(one.expires_at_us),
    )  # fmt: skip


def _id(request: Request) -> str:
    return clean(request.params["id"], "id", 64)
