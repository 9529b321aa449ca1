"""The hot endpoint of invalid traffic: judging calls in bulk."""

from msgspec import Struct

from queqiao.decide.ads.traffic.caller import Callers
from queqiao.decide.ads.traffic.classify import classify
from queqiao.decide.ads.traffic.floods import Bounds
from queqiao.decide.ads.traffic.messages import ClassifyRequest, ClassifyResponse
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response

REQUEST_BYTES_MAX = 8_000_000


class TrafficServices(Struct, frozen=True):
    """What the route needs."""

    callers: Callers
    bounds: Bounds
    fastest_click_us: int


def routes(services: TrafficServices) -> list[Route]:
    """Return the route of the ``decide`` role."""

    async def judge(request: Request) -> Response:
        question = request.decode(ClassifyRequest, REQUEST_BYTES_MAX)
        answer = await classify(
            question, services.callers, services.bounds, services.fastest_click_us
        )
        return json_response(answer)

    return [
        Route(
            "POST",
            "/api/v1/traffic/classify",
            judge,
            Message(
                "判断流量是否有效，并给出原因", "Judge traffic: valid, or invalid with the reason"
            ),
            scope="decide",
            request_type=ClassifyRequest,
            response_type=ClassifyResponse,
            tags=("ads",),
            body_max=REQUEST_BYTES_MAX,
        )
    ]
