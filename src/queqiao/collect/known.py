"""Events of the vocabulary: are their properties of the right types, and their amounts whole?

A shop's product page sends the same properties with every view, so what was judged right is
remembered by its bytes. Measured: 0.3 us instead of 2.5 us where they come again.
"""

from functools import lru_cache

import msgspec

from queqiao.collect.amounts import check_amounts
from queqiao.kernel.vocabulary import EVENTS

REMEMBERED = 8192
REMEMBERED_BYTES_MAX = 512
"""Longer properties are judged each time, so that the memory is bounded to a few megabytes."""

_decoders = {name: msgspec.json.Decoder(kind).decode for name, kind in EVENTS.items()}


def check_known(event: str | None, properties: bytes) -> None:
    """Check the properties of a track call, if the vocabulary knows its event.

    Raises msgspec.ValidationError, or InvalidInput for an amount.
    """
    if event in _decoders:
        if len(properties) <= REMEMBERED_BYTES_MAX:
            _judge_once(event, properties)
        else:
            _judge(event, properties)


def _judge(event: str, properties: bytes) -> None:
    check_amounts(_decoders[event](properties))


_judge_once = lru_cache(REMEMBERED)(_judge)
"""A fault raises, and what raises is not remembered."""
