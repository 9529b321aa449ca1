"""What ends a session: golden cases as data, and a recount of whatever comes in order."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.process.conftest import MINUTE, T0, event

from queqiao.kernel.clock import business_day, parse_rfc3339
from queqiao.process.sessions import Session, SessionRules, Sessions
from queqiao.process.state import StateFile

CASES = json.loads((Path(__file__).parents[1] / "cases/process/sessions.json").read_text())


def named(rules, events) -> list[int]:
    file = StateFile(Path(":memory:"))
    sessions = Sessions(file.keyed("sessions", list[Session], 10), rules)
    seen = [
        int(sessions.see(offset, "a:d", "d", at_us, "", campaign=campaign).session_id)
        for offset, (at_us, campaign) in enumerate(events, 1)
    ]
    file.close()
    return seen


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden_sessions(case) -> None:
    events = [(parse_rfc3339(at), campaign) for at, campaign in case["events"]]
    assert named(SessionRules(**case["rules"]), events) == case["sessions"]


def recounted(rules: SessionRules, events) -> list[int]:
    """Return the sessions of events in order: each breaks off by one of the rules, or goes on."""
    found: list[int] = []
    last_us, day, campaign = 0, "", ""
    for offset, (at_us, said) in enumerate(events, 1):
        today = business_day(at_us, rules.zone)
        breaks = not found or at_us - last_us > rules.gap_us
        breaks = breaks or (rules.ends_at_midnight and today != day)
        breaks = breaks or (rules.ends_with_campaign and said not in ("", campaign))
        campaign = said if breaks else campaign
        found.append(offset if breaks else found[-1])
        last_us, day = at_us, today
    return found


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 45), st.sampled_from(["", "", "x", "y"])), max_size=40),
    midnight=st.booleans(),
    zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]),
)
def test_in_order_they_are_what_a_recount_says(steps, midnight, zone) -> None:
    rules = SessionRules(ends_at_midnight=midnight, ends_with_campaign=True, zone=zone)
    at_us, events = parse_rfc3339("2026-11-01T02:00:00Z"), []
    for minutes, campaign in steps:
        at_us += minutes * MINUTE
        events.append((at_us, campaign))
    assert named(rules, events) == recounted(rules, events)


async def test_the_loader_goes_by_the_rules(house) -> None:
    house.loader = house.new_loader(sessions=SessionRules(ends_with_campaign=True))
    tagged = {"campaign": {"source": "baidu", "medium": "cpc", "name": "618"}}
    clicked = {"page": {"url": "https://shop.example/?gclid=abc"}}
    await house.load(
        event("A", 0, anon="d"),
        event("A", 1, anon="d", context=tagged),
        event("A", 2, anon="d"),
        event("A", 3, anon="d", context=clicked),
    )
    assert await house.ask("SELECT session_id FROM events ORDER BY offset") == [
        ["1"], ["2"], ["2"], ["4"],
    ]  # fmt: skip
    assert await house.ask("SELECT min(started_at), max(closed) FROM sessions") == [[T0, 1]]
