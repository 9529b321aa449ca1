"""What an ad request tells, as the situation that campaigns' expressions are asked about."""

from collections.abc import Collection
from typing import Any

import msgspec

from queqiao.decide.ads.messages import AskedContext
from queqiao.decide.ads.targeting.situation import Situation, situation


def told_by(context: AskedContext, segments: Collection[str], now_us: int) -> Situation:
    """Return the situation. Raises InvalidInput naming the field of ``context``.

    Segments are always known, if only that there are none; an empty channel is not known.
    """
    told: dict[str, Any] = msgspec.to_builtins(context)
    told.pop("url", None)
    told["segments"] = list(segments)
    return situation(told, now_us, "context")
