"""``POST /openrtb2/bid``: our campaigns bid in other exchanges.

An exchange is known by a key of scope ``exchange``: in the header ``Authorization: Bearer`` or,
where it can set none, in the address, ``/openrtb2/bid?key=…``. The key's name is the exchange's.
"""

from collections.abc import Callable

from msgspec import Struct

from queqiao.decide.ads.openrtb.bidder import Bidder
from queqiao.decide.ads.openrtb.check_request import REQUEST_BYTES_MAX, read_request
from queqiao.decide.ads.openrtb.faults import Faults
from queqiao.decide.ads.openrtb.params import check_params
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.decide.ads.openrtb.response import BidResponse
from queqiao.decide.ads.openrtb.shades import UNSHADED, Shades
from queqiao.decide.ads.openrtb.shelf import Shelves
from queqiao.decide.ads.openrtb.standing import BidderSettings
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import RandomBits
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger

KEY = "key"
"""The parameter of the address that may hold an exchange's key."""

VERSION = (("x-openrtb-version", "2.6"),)


class BidServices(Struct, frozen=True):
    """What the bidder needs; ``public_url`` is where the world reaches us, empty if unknown."""

    shelves: Callable[[], Shelves]
    ledger: Ledger
    event_log: EventLog
    signer: Signer
    segments_of: Callable[[str], frozenset[str]]
    random_bits: RandomBits
    settings: BidderSettings = BidderSettings()
    zone: str = DEFAULT_ZONE
    public_url: str = ""
    shades: Callable[[], Shades] = lambda: UNSHADED


def bidder_of(services: BidServices) -> Bidder:
    """Return our bidder."""
    return Bidder(
        shelves=services.shelves,
        ledger=services.ledger,
        event_log=services.event_log,
        signer=services.signer,
        segments_of=services.segments_of,
        random_bits=services.random_bits,
        settings=services.settings,
        zone=services.zone,
        shades=services.shades,
    )


def bid_routes(services: BidServices) -> list[Route]:
    """Return the bidder's route."""
    bidder = bidder_of(services)

    async def bid(request: Request) -> Response:
        asked = read_request(request.body)
        faults = Faults()
        check_params(faults, asked)
        faults.raise_any()
        exchange = request.principal.name if request.principal is not None else ""
        base_url = services.public_url.rstrip("/") or reached_at(request)
        found = await bidder.bid(asked, exchange, base_url, request.now_us)
        if found is None:
            return Response(204, headers=VERSION)
        answer = json_response(found)
        return Response(200, answer.body, headers=VERSION)

    return [
        Route(
            "POST",
            "/openrtb2/bid",
            bid,
            Message("在外部交易所竞价（OpenRTB 2.6）", "Bid in another exchange (OpenRTB 2.6)"),
            scope="exchange",
            request_type=BidRequest,
            response_type=BidResponse,
            tags=("ads",),
            body_max=REQUEST_BYTES_MAX,
            key_parameter=KEY,
        )
    ]


def reached_at(request: Request) -> str:
    """Return the address by which the exchange reached us."""
    return f"http://{request.headers.get('host', 'localhost')}"
