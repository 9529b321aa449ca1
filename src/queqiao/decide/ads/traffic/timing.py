"""Times that no person has: a click before its impression, or sooner than a hand moves.

The reasons for the bound are with ``fastest_click_ms`` in ``settings.py``.
"""

from queqiao.decide.ads.traffic.contracts import VALID, Verdict

LIVE_SKEW_US = 1_000_000
"""A page tells a click and its impression by two requests, and either may come first."""


def timing(
    clicked_us: int,
    served_us: int | None,
    viewed_us: int | None,
    fastest_click_us: int,
    skew_us: int = 0,
) -> Verdict:
    """Judge when a click came, of when its ad was served and first seen; None is not known.

    A click is before its impression only where it is so by more than ``skew_us``.
    """
    shown = [at_us for at_us in (served_us, viewed_us) if at_us is not None]
    latest_us = max(shown, default=clicked_us)
    if clicked_us < latest_us - skew_us:
        return Verdict("click_before_impression", f"{(latest_us - clicked_us) // 1000} ms")
    before = [at_us for at_us in shown if at_us <= clicked_us]
    if before and clicked_us - max(before) < fastest_click_us:
        return Verdict("too_fast", f"{(clicked_us - max(before)) // 1000} ms")
    return VALID
