"""What the page tells of a bid that it got from us: won, and shown (``bid.ext.prebid.events``).

Both carry one signed token and differ by the letters before it: ``/t/aw.{token}``. Each is written
once. They bill nobody: bidders are paid by their own notices.
"""

from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec import Struct

from queqiao.decide.ads.contracts import SOURCE
from queqiao.kernel.errors import NotFound
from queqiao.kernel.http import Request, Response
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.event_log.own import own_event

PURPOSE = "exchange event"
Happened = Literal["win", "imp"]
LETTERS: dict[str, Happened] = {"aw": "win", "ai": "imp"}
EVENTS: dict[Happened, str] = {"win": "Auction Won", "imp": "Auction Shown"}
_NO_STORE = (("Cache-Control", "no-store"), ("access-control-allow-origin", "*"))

_encoder = msgspec.msgpack.Encoder()


class Winner(Struct, frozen=True, array_like=True):
    """Which bid of which auction. ``price`` is for a thousand, in ``currency``, as adjusted."""

    decision_id: str
    publisher_id: str
    imp_id: str
    seat: str
    bid_id: str
    price: float
    currency: str
    is_test: bool = False


class Outcome(Struct):
    """The properties of Auction Won and Auction Shown."""

    decision_id: str
    publisher_id: str
    imp_id: str
    bidder: str
    bid_id: str
    price: float
    currency: str


_decoder = msgspec.msgpack.Decoder(Winner)


def addresses(signer: Signer, winner: Winner, base_url: str) -> dict[str, str]:
    """Return where the page tells of the bid."""
    token = signer.sign(_encoder.encode(winner), PURPOSE)
    return {happened: f"{base_url}/t/{letters}.{token}" for letters, happened in LETTERS.items()}


def happened_in(path_token: str) -> tuple[Happened, str] | None:
    """Return what a path's last part tells and its token, or None when it is another's."""
    letters, dot, token = path_token.partition(".")
    happened = LETTERS.get(letters) if dot else None
    return None if happened is None else (happened, token)


class AuctionEvents:
    """Takes what pages tell."""

    def __init__(self, event_log: EventLog, signer: Signer) -> None:
        self._event_log = event_log
        self._signer = signer

    async def take(self, happened: Happened, token: str, request: Request) -> Response:
        """Answer when it is on disk. A test's is read and forgotten. Raises NotFound."""
        try:
            winner = _decoder.decode(self._signer.verify(token, PURPOSE))
        except msgspec.MsgspecError as error:
            raise NotFound from error
        if not winner.is_test:
            outcome = Outcome(
                winner.decision_id,
                winner.publisher_id,
                winner.imp_id,
                winner.seat,
                winner.bid_id,
                winner.price,
                winner.currency,
            )
            await self._event_log.append([
                own_event(
                    f"{winner.decision_id}-{_digest(winner)}-{happened}",
                    EVENTS[happened],
                    outcome,
                    request.now_us,
                    source=SOURCE,
                )
            ])  # fmt: skip
        return Response(204, headers=_NO_STORE)


def _digest(winner: Winner) -> str:
    """Return what tells the bids of one auction apart, short whatever ids bidders give."""
    text = f"{winner.imp_id}\x1f{winner.seat}\x1f{winner.bid_id}"
    return blake2b(text.encode(), digest_size=8).hexdigest()
