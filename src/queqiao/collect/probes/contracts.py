"""What probes find: samples of series, named as the field names them."""

from typing import Literal

import msgspec

Kind = Literal["counter", "gauge", "histogram", "unknown"]


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One value of one series. ``at_ms`` (UTC) only where the other side said it."""

    name: str
    value: float
    labels: dict[str, str] = {}
    kind: Kind = "gauge"
    at_ms: int | None = None
