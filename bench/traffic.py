"""Invalid traffic: robots and people on lists that nobody here wrote, and what a judgement costs.

The grammar was written looking at ``crawler-user-agents``, at halves of ``device_detector`` and
of two lists that are not here (their labels were too often wrong), and at the tests of
``ua-parser-js``; the other lists were only counted. What was learnt: words of trades alone find
nine of ten; forms (what is neither browser nor app, names foreign to a desktop browser of today)
find most of the rest. What stays are robots in a whole browser's clothes with one odd word in a
phone's tail, where apps put theirs, too. Of people, rare televisions and watches are lost, and
systems that name themselves in a desktop's comment had to be let in. The naive pattern is what most
sites begin with, counted in the same run. Every such list labels a few on either side wrongly;
nothing was corrected.

A user agent that is one of the few usual ones costs a microsecond, by one pattern; of the others
reading the words costs most, so a browser's own words are skipped by a set.
"""

import random
import re
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from itertools import count
from typing import Any

from bench.harness import row
from bench.user_agent_lists import UserAgents, available
from queqiao.decide.ads.traffic.floods import Floods
from queqiao.decide.ads.traffic.networks import Named, Networks
from queqiao.process.contracts import declared

NAIVE = re.compile(r"bot|crawl|spider", re.IGNORECASE)
ROUNDS = 5
SAMPLE = 2_000
NETWORKS = 100_000
SEED = 20261129


def _least_us(work: Callable[[Any], object], given: Sequence[Any]) -> float:
    """Return the least CPU time of one piece of work over some rounds, in microseconds."""
    least = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for each in given:
            work(each)
        least = min(least, (time.process_time() - begun) / len(given))
    return least * 1e6


def _share(agents: Sequence[str], is_robot: Callable[[str], object]) -> float:
    return round(100 * sum(bool(is_robot(agent)) for agent in agents) / len(agents), 2)


def _some(agents: Sequence[str]) -> Sequence[str]:
    return random.Random(SEED).sample(agents, min(len(agents), SAMPLE))


def _rows(one: UserAgents) -> list[dict[str, Any]]:
    kind, better, goal = (
        ("recall", "higher", 99.0) if one.robots else ("false positives", "lower", 0.5)
    )
    ours, naive = _share(one.agents, declared), _share(one.agents, NAIVE.search)
    figure = f"{kind}, {one.name} ({len(one.agents):,})"
    spent = round(_least_us(declared, _some(one.agents)), 2)
    return [
        row("traffic", figure, "%", better, ours, goal=goal, peer=naive, peer_name="naive pattern"),
        row("traffic", f"CPU a user agent, {one.name}", "µs", "lower", spent, goal=10.0),
    ]


def _all(lists: Sequence[UserAgents], robots: bool) -> dict[str, Any]:
    agents = sorted({agent for one in lists if one.robots == robots for agent in one.agents})
    figure = "recall, all robots" if robots else "false positives, all people"
    return row(
        "traffic", f"{figure} ({len(agents):,})", "%", "higher" if robots else "lower",
        _share(agents, declared), goal=99.0 if robots else 0.5,
        peer=_share(agents, NAIVE.search), peer_name="naive pattern",
    )  # fmt: skip


def _networks() -> dict[str, Any]:
    chance = random.Random(SEED)
    prefixes = [
        ip_network((chance.getrandbits(32), chance.randint(12, 32)), strict=False)
        for _ in range(NETWORKS)
    ]
    found = Networks(Named(prefix, "cloud") for prefix in prefixes)
    asked = [".".join(str(chance.getrandbits(8)) for _ in range(4)) for _ in range(20_000)]
    spent = round(_least_us(found.name_of, asked), 2)
    return row("traffic", f"CPU an address, {NETWORKS:,} ranges", "µs", "lower", spent, goal=2.0)


def _floods() -> dict[str, Any]:
    chance, floods = random.Random(SEED), Floods[int]()
    people, numbers = [str(chance.randrange(50_000)) for _ in range(50_000)], count()

    def see(person: str) -> object:
        number = next(numbers)  # the same click again would be no new one
        return floods.see({"person": person, "address": person}, number, number * 1_000)

    return row("traffic", "CPU a click in the windows", "µs", "lower",
               round(_least_us(see, people), 2), goal=20.0)  # fmt: skip


def run() -> list[dict[str, Any]]:
    """Return recall and false positives of each list there is, and what judging costs."""
    lists = available()
    rows = [each for one in lists for each in _rows(one)]
    rows += [
        _all(lists, robots) for robots in (True, False) if any(o.robots == robots for o in lists)
    ]
    return [*rows, _networks(), _floods()]
