"""How long after an ad an order is owed to it, and how long its notices are taken."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.ids import time_of_uuid7

CLICK_DAYS_MAX, VIEW_DAYS_MAX = 90, 30
CLICK_DAYS = 7
"""The window of a click where nothing is said."""

SHOWN_US = 7 * DAY_US
"""A tab may be left open for days; whoever tells a view later than this saw it long ago."""

CLICKED_US = 30 * DAY_US
"""Links of ads are kept in mails and chats; a later click leads on and is not counted."""

CONVERTED_US = (CLICK_DAYS_MAX + 30) * DAY_US
"""The longest window, and a month in which an advertiser may tell of it."""


class Attribution(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many days after its click, or after it was in view, an order is owed to an ad.

    ``view_days`` 0: an order is never owed to an ad that was only seen.
    """

    click_days: Annotated[int, Meta(ge=1, le=CLICK_DAYS_MAX)] = CLICK_DAYS
    view_days: Annotated[int, Meta(ge=0, le=VIEW_DAYS_MAX)] = 0


def is_expired(
    kind: Literal["impression", "view", "click", "conversion"], decision_id: str, now_us: int
) -> bool:
    """Say whether a notice of a decision comes too late to be counted."""
    made_us = time_of_uuid7(decision_id)
    bound_us = {"click": CLICKED_US, "conversion": CONVERTED_US}.get(kind, SHOWN_US)
    return made_us is not None and now_us - made_us > bound_us
