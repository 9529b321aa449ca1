"""Events of the vocabulary: are their properties of the right types, and their amounts whole?"""

import msgspec
from msgspec import Raw

from queqiao.collect.amounts import check_amounts
from queqiao.kernel.vocabulary import EVENTS

_decoders = {name: msgspec.json.Decoder(kind).decode for name, kind in EVENTS.items()}


def check_known(event: str | None, properties: Raw) -> None:
    """Check the properties of a track call, if the vocabulary knows its event.

    Raises msgspec.ValidationError, or InvalidInput for an amount.
    """
    decode = _decoders.get(event) if event else None
    if decode is not None:
        check_amounts(decode(properties))
