"""A source over its limit is answered 429 on every lane, and harms no other."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.collect.test_protocols import BASIC, GOOD, SEEN

from queqiao.collect.limits import LimitedLog, SourceLimits
from queqiao.kernel.clock import SECOND_US, FixedClock
from queqiao.kernel.errors import TooManyRequests
from queqiao.ports.event_log.base import NewEvents

RATE = 10


def call(number: int) -> dict[str, Any]:
    return {"type": "track", "event": "Tested", "userId": "u", "messageId": f"m{number}"}


PLAIN = {"headers": {**BASIC, "content-type": "application/json"}}
LANES: dict[str, tuple[str, dict[str, Any]]] = {
    **GOOD,
    "express batch": ("/v1/batch", {"json": {"batch": [call(0)]}, **PLAIN}),
    "express single": ("/v1/track", {"json": call(0), **PLAIN}),
    "general batch": (
        "/v1/batch",
        {"json": {"batch": [call(0)]}, "headers": {**BASIC, "queqiao-now": "2026-06-18"}},
    ),
    "general single": ("/v1/track", {"json": {**call(0), "userId": None, "user_id": "u"}, **PLAIN}),
    "a wrong event": ("/v1/track", {"json": {"type": "track"}, **PLAIN}),
    "no JSON": ("/v1/batch", {"content": b"no JSON", **PLAIN}),
    "no JSON of another house": (
        "/batch/",
        {"content": b"no JSON", "params": {"api_key": "web-key"}},
    ),
}
"""A request by each way in, of the source ``web``."""


def fill(intake, events: int) -> httpx.Response:
    """Send one batch of as many events, of the source ``web``."""
    batch = {"batch": [call(number) for number in range(1, events + 1)]}
    return httpx.post(f"{intake.url}/v1/batch", auth=("web-key", ""), json=batch)


@pytest.mark.parametrize("intake", [RATE], indirect=True)
@pytest.mark.parametrize("lane", LANES)
def test_a_source_in_debt_waits_on_every_lane(intake, operator, lane: str) -> None:
    path, sent = LANES[lane]
    assert fill(intake, 35).status_code == 200  # larger than the bucket: taken whole
    refused = httpx.post(intake.url + path, **sent)
    assert refused.status_code == 429, refused.text
    assert refused.json()["code"] == "too_many_requests"
    assert refused.headers["retry-after"] == "3"  # 25 events in debt
    assert len(intake.envelopes()) == 35
    assert operator.get("/api/v1/bad-rows").json()["items"] == []
    intake.clock.advance_us(3 * SECOND_US)
    assert httpx.post(intake.url + path, **sent).status_code in {200, 202, 204, 400}


@pytest.mark.parametrize("intake", [RATE], indirect=True)
def test_the_pixel_waits_too_and_other_sources_do_not(intake) -> None:
    assert fill(intake, RATE).status_code == 200
    asked = {"event": "Seen", "userId": "u"}
    for key, status in (("web-key", 429), ("app-key", 200)):
        seen = httpx.get(f"{intake.url}/px.gif", params={**asked, "writeKey": key})
        assert seen.status_code == status
    batch = {"api_key": "app-key", "batch": [SEEN]}
    assert httpx.post(f"{intake.url}/batch/", json=batch).status_code == 200
    assert [one.source for one in intake.envelopes()] == ["web"] * RATE + ["app"] * 2


@pytest.mark.parametrize("intake", [RATE], indirect=True)
def test_a_repeated_batch_is_counted_once(intake) -> None:
    """The express lane leaves known events to the general one: they must not be paid twice."""
    for _ in range(2):
        assert fill(intake, 4).status_code == 200
    assert fill(intake, 3).status_code == 200  # 2 are left; with a second payment it would be none
    assert fill(intake, 1).status_code == 429


def test_without_a_setting_nothing_is_counted(intake) -> None:
    for _ in range(3):
        assert fill(intake, 500).status_code == 200


@given(
    st.integers(1, 1_000),
    st.lists(st.tuples(st.integers(0, 3 * SECOND_US), st.integers(1, 5_000)), max_size=60),
)
def test_a_source_gets_its_rate_and_waits_as_long_as_it_is_told(rate, sent) -> None:
    clock = FixedClock(0)
    limits = SourceLimits(rate, clock.now_us)
    taken: list[int] = []
    for pause_us, events in sent:
        clock.advance_us(pause_us)
        try:
            limits.admit("web", events)
        except TooManyRequests as refused:
            wait_us = refused.retry_after_s * SECOND_US
            early, just = clock.us + wait_us - SECOND_US, clock.us + wait_us
            assert not admitted(limits, clock, early)
            assert admitted(limits, clock, just)
        else:
            taken.append(events)
    # All but the last request were paid for by the time that went by, and the first second.
    assert sum(taken[:-1]) <= rate * (1 + clock.us / SECOND_US) + max(taken, default=0)


def admitted(limits: SourceLimits, clock: FixedClock, at_us: int) -> bool:
    """Say whether a source that asked for nothing would be taken at a moment."""
    return limits._left("web", at_us) > 0


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    clock = FixedClock(100 * SECOND_US)
    limits = SourceLimits(RATE, clock.now_us)
    limits.admit("web", RATE)
    clock.us = 0
    with pytest.raises(TooManyRequests):
        limits.admit("web", 1)
    clock.us = 101 * SECOND_US
    limits.admit("web", 1)


def test_what_the_log_leaves_to_the_general_way_is_given_back() -> None:
    class Known:
        def append_new(self, _events: NewEvents) -> None:
            return None

    clock = FixedClock(0)
    limits = SourceLimits(RATE, clock.now_us)
    events = NewEvents("web", ("a",) * 9, (b"",) * 9, (b"",) * 9)
    for _ in range(5):
        assert LimitedLog(Known(), limits).append_new(events) is None
    limits.admit("web", RATE)
