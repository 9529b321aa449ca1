"""What a campaign says that its ads promise."""

from typing import Annotated

from msgspec import Meta, Struct

PROMISES_MAX = 20

Ids = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=128)]], Meta(max_length=PROMISES_MAX)
]


class Promises(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What its ads promise: delivery rests while any of it can give nothing, and resumes by itself.

    The goods of its creatives need not be named: a creative whose SKU is out of stock is never
    shown.
    """

    promotions: Ids = []
    coupon_batches: Ids = []
    flash_sales: Ids = []
