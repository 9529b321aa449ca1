"""Robots by their own word: golden user agents, and laws over any text."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.process.enrichment.declared_bots import TOKEN_CHARS_MAX, declared

CASES = json.loads((Path(__file__).parents[1] / "cases/traffic/user_agents.json").read_text())
ROBOTS = [agent for _, agent, _, _ in CASES["robots"] if agent.strip()]


@pytest.mark.parametrize(("name", "agent"), CASES["people"])
def test_people(name, agent):
    assert declared(agent) is None, name


@pytest.mark.parametrize(("name", "agent", "why", "token"), CASES["robots"])
def test_robots(name, agent, why, token):
    assert declared(agent) == (why, token), name


@given(st.text(max_size=3_000))
def test_any_text_has_an_answer_that_is_short_and_always_the_same(text):
    found = declared(text)
    assert found == declared(text)
    assert found is None or len(found.token) <= TOKEN_CHARS_MAX


@given(st.sampled_from(ROBOTS), st.sampled_from([str.lower, str.upper, str.title]))
def test_letters_of_any_size_and_blanks_around_say_the_same(agent, sized):
    assert declared(f"  {sized(agent)} ") == declared(agent)


words = st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True)


@given(words, st.sampled_from(["Bot", "Crawler", "Spider", "Validator", "HttpClient"]))
def test_a_name_that_ends_with_its_trade_is_known_wherever_it_stands(word, trade):
    name = f"{word}{trade}"
    browser = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/126.0.0.0 Safari/537.36"
    )
    for agent in (f"{name}/1.0", f"{browser} {name}/1.0", f"{browser} ({name})"):
        assert declared(agent) is not None, agent


@given(st.from_regex(r"[A-Za-z0-9 _-]{1,20}", fullmatch=True))
def test_no_model_of_a_phone_makes_a_robot_of_it(model):
    agent = (
        f"Mozilla/5.0 (Linux; Android 14; {model} Build/UP1A; wv) AppleWebKit/537.36"
        " (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 NetType/WIFI"
    )
    assert declared(agent) is None
