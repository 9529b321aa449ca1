"""What a bidder's document may not be called."""

from sqlalchemy import Connection

from queqiao.decide.ads.openrtb.exchange.contracts import OWN
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.records.documents import Stored

_TAKEN = Message(
    f"{OWN} 是我们自己的竞价方；请换一个 id 另建",
    f"{OWN} is our own bidder; make it under another id",
)


def check_change_bidder(stored: Stored, _: Connection) -> None:
    """Raise InvalidInput for a bidder that nobody could ask: its name is our own bidder's."""
    if stored.id == OWN:
        raise InvalidInput(FieldError("id", _TAKEN))
