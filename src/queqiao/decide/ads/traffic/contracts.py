"""What is said of a notice or of any traffic: valid, or invalid with the reason."""

from typing import Literal

from msgspec import Struct

Reason = Literal[
    "duplicate",
    "prefetch",
    "self_click",
    "declared_bot",
    "data_centre",
    "click_before_impression",
    "too_fast",
    "click_flood",
]
"""Why traffic is invalid, in the order in which it is judged: the first that holds is told.

The list is that of general invalid traffic in the Media Rating Council's *Invalid Traffic Detection
and Filtration Standards Addendum* (2020, section 1.2): known bots and non-browser user agents,
data-centre traffic, pre-fetch, repeated and impossibly timed activity.
"""


class Verdict(Struct, frozen=True):
    """Valid, or why not. ``detail`` is what decided: a word of the user agent, a name of a range.

    It never holds the whole user agent or the address.
    """

    reason: Reason | None = None
    detail: str = ""

    @property
    def valid(self) -> bool:
        """Whether it counts and costs."""
        return self.reason is None


VALID = Verdict()
