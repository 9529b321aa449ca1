"""From a user agent to browser, system and class of device; and whether it is a robot's.

The table is ``user_agents.json``: patterns in order, the first that is found wins; its group is the
major version. Apps whose built-in browsers people shop in (WeChat, Douyin, Taobao, …) count as
browsers of their own.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from queqiao.process.enrichment.declared_bots import declared
from queqiao.process.enrichment.tables import table_of

AGENTS_IN_MEMORY_MAX = 10_000
CHARS_READ_MAX = 512
"""Of a longer user agent the start is read: patterns look ahead, so time is bounded by this."""


class Agent(NamedTuple):
    """What a user agent says. Empty where it says nothing that is known."""

    device_class: str = ""
    browser: str = ""
    browser_version: str = ""
    os: str = ""
    os_version: str = ""
    is_bot: bool = False


_TABLE = table_of("user_agents.json")
_NOT_SAID = frozenset(("missing", "app_library", "not_a_browser", "foreign_name"))
"""Servers and apps of the shop send events too; who says no word of a robot's trade is none."""
_WINDOWS: dict[str, str] = _TABLE["windows"]

Rules = list[tuple[str, "re.Pattern[str]"]]


def _rules(name: str) -> Rules:
    return [(label, re.compile(pattern)) for label, pattern in _TABLE[name]]


_BROWSERS, _SYSTEMS, _DEVICES = _rules("browsers"), _rules("systems"), _rules("devices")


def read_agent(text: str) -> Agent:
    """Return what a user agent says; the same text is read once."""
    return _read(text[:CHARS_READ_MAX])


@lru_cache(maxsize=AGENTS_IN_MEMORY_MAX)
def _read(text: str) -> Agent:
    if not text.strip():
        return Agent()
    browser, browser_version = _first(_BROWSERS, text)
    system, system_version = _first(_SYSTEMS, text)
    if system == "Windows":
        system_version = _WINDOWS.get(system_version, "")
    if _is_bot(text):
        return Agent("bot", browser, browser_version, system, system_version, is_bot=True)
    device, _ = _first(_DEVICES, text)
    return Agent(device or "other", browser, browser_version, system, system_version)


def _is_bot(text: str) -> bool:
    found = declared(text)
    return found is not None and found.why not in _NOT_SAID


def _first(rules: Rules, text: str) -> tuple[str, str]:
    """Return the label of the first pattern found, and its group."""
    for label, pattern in rules:
        found = pattern.search(text)
        if found is not None:
            return label, next((one for one in found.groups() if one), "")
    return "", ""
