"""The price that a reservation holds, carried by a signed token so that a quote asks nobody."""

import msgspec

from queqiao.kernel.errors import FieldError, Gone, InvalidInput, Message, NotFound
from queqiao.kernel.tokens import Signer

_PURPOSE = "flash-price"


class HeldPrice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``quantity`` pieces of ``sku`` cost ``price_minor`` each until the reservation ends."""

    reservation_id: str
    flash_sale_id: str
    session: str
    sku: str
    quantity: int
    price_minor: int
    currency: str
    customer_id: str
    expires_at_us: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(HeldPrice)


class HeldPrices:
    """Signs and reads price tokens."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def token(self, held: HeldPrice) -> str:
        """Return the token of a reservation."""
        return self._signer.sign(_encoder.encode(held), _PURPOSE)

    def of(self, token: str, now_us: int, path: str = "price_token") -> HeldPrice:
        """Return what a token holds.

        Raises InvalidInput naming ``path`` for one that is not ours, Gone when its time is over.
        """
        try:
            held = _decoder.decode(self._signer.verify(token, _PURPOSE))
        except (NotFound, msgspec.DecodeError, UnicodeError) as error:
            message = Message(
                "不是本系统签发的价格凭证", "not a price token that this system signed"
            )
            raise InvalidInput(FieldError(path, message)) from error
        if now_us >= held.expires_at_us:
            raise Gone(Message("秒杀预留已过期", "the flash sale's reservation has expired"))
        return held
