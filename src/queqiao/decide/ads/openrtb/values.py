"""Types that the messages share: flags, whole numbers, and a place for what others add."""

from typing import Annotated, Any, Literal

from msgspec import Meta

Flag = Literal[0, 1] | bool
"""OpenRTB writes yes and no as 1 and 0, its protocol buffers as true and false: both are read."""

Int = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""A whole number as OpenRTB has it: 32 bits."""

Ext = dict[str, Any] | None
"""An extension that we do not read."""
