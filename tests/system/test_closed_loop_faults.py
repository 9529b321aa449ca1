"""The closed loop while its servers and roles are killed: kill -9, at moments by the seed.

A round lives the store on the cluster's servers with four workers and kills some of what it stands
on, one after the other; each is back, and all is served again, within a minute and without help.
Three rounds kill each kind once. Afterwards all that was acknowledged is there once, money and
scarce things are exact, and an embedded system that is given the same log has the same reports and
tables. Spark and Flink, which count the log's events by the minute while it grows, are killed in
loops of their own: each event is counted once.

Pages that ask for prices and ads all the while are answered within their deadlines: an ad's place
may be empty then. Only while the intake is away, which has the public port, does nobody answer:
connections wait in the port's queue.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from tests.system.closed_loop.accounts import expect_all, loaded, loaded_again
from tests.system.closed_loop.memory import memory_mb
from tests.system.closed_loop.pages import Page, Pages
from tests.system.closed_loop.stands import Stand, cluster_ports, standing
from tests.system.closed_loop.streams import LiveStream
from tests.system.closed_loop.traffic import Traffic
from tests.system.closed_loop.victims import (
    BACK_WITHIN_S,
    STREAMS,
    Killer,
    Killing,
    victims_of,
)
from tests.system.closed_loop.witness import Witness

from deploy.engines.instance import Instance

pytestmark = [pytest.mark.system, pytest.mark.engines]

SEED = 20_311_118
WORKERS = 4
ROUNDS = [*range(3), *(pytest.param(one, marks=pytest.mark.long) for one in range(3, 33))]
WINDOWS_MIN = 12


async def live_and_kill(
    stand: Stand, killer: Killer, kinds: list[str], seed: int
) -> tuple[Witness, list[Page]]:
    """Live the store while these are killed; return who saw what."""
    system = stand.system
    witness = Witness(system.base_url, system.admin_key, system.intake_key)
    pages, traffic = Pages(system), Traffic(witness, seed)
    await traffic.set_up()
    asking = asyncio.create_task(pages.ask())
    killing = asyncio.create_task(killer.kill_all(kinds, pages, traffic))
    try:
        await traffic.live(lambda window: window < WINDOWS_MIN or not killing.done())
        await killing
    finally:
        killing.cancel()
        pages.stopped.set()
        await asking
        await witness.close()
    return witness, pages.seen


@pytest.mark.timeout(400)
@pytest.mark.parametrize("round_", ROUNDS)
def test_a_round_of_kills(
    round_: int, tmp_path: Path, engines: Instance, record_property: Callable[[str, object], None]
) -> None:
    seed, kinds = SEED + round_, victims_of(round_, SEED)
    with standing(tmp_path / "cluster", cluster_ports(engines), WORKERS) as stand:
        killer = Killer(stand.system, engines, Random(seed))
        witness, pages = asyncio.run(live_and_kill(stand, killer, kinds, seed))
        expect_all(stand, witness)
        expect_answers(pages, killer.done)
        assert loaded(stand) == loaded_again(stand, tmp_path / "embedded")
        record_property("memory_mb", memory_mb(stand, engines))
    record(witness, pages, killer.done, record_property)
    assert [one.kind for one in killer.done] == kinds
    assert all(one.served_s <= BACK_WITHIN_S for one in killer.done)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_killed_counts_each_event_once(
    name: str, tmp_path: Path, engines: Instance, record_property: Callable[[str, object], None]
) -> None:
    """Spark's driver, or the task manager of Flink, on the log of a store that is open."""
    with (
        standing(tmp_path / "cluster", cluster_ports(engines), WORKERS) as stand,
        closing(LiveStream(name, engines, stand, tmp_path)) as stream,
    ):
        killer = Killer(stand.system, engines, Random(SEED), {name: stream})
        witness, pages = asyncio.run(live_and_kill(stand, killer, [name], SEED))
        expect_all(stand, witness)
        stream.expect_all()
        record_property("memory_mb", memory_mb(stand, engines))
    record(witness, pages, killer.done, record_property)


def record(
    witness: Witness,
    pages: list[Page],
    killings: list[Killing],
    record_property: Callable[[str, object], None],
) -> None:
    """Keep the figures of a round."""
    for killing in killings:
        waited_s = longest_wait_s(witness, pages, killing)
        told = f"served after {killing.served_s:.1f} s, longest wait {waited_s:.1f} s"
        record_property(killing.name, told)
    counts = Counter(page.told or page.status for page in pages)
    record_property("pages", dict(counts))
    record_property("events", len(witness.events))


def expect_answers(pages: list[Page], killings: list[Killing]) -> None:
    """Every page is answered in time, but those that the killed role itself was answering.

    Who meets a dying worker is told 503 or cut off at once, and asks again.
    """
    for page in pages:
        met = {one.kind for one in killings if _overlap(page.began_s, page.took_s, one)}
        if "intake" not in met:
            assert page.in_time or (page.status == 503 and "decide" in met), page


def longest_wait_s(witness: Witness, pages: list[Page], killing: Killing) -> float:
    """Return the longest that a caller waited for an answer, with all tries, while it was away."""
    waits = [
        call.ended_s - call.began_s
        for call in witness.made
        if _overlap(call.began_s, call.ended_s - call.began_s, killing)
    ]
    return max(
        waits + [page.took_s for page in pages if _overlap(page.began_s, page.took_s, killing)]
    )


def _overlap(began_s: float, took_s: float, killing: Killing) -> bool:
    return began_s <= killing.killed_s + killing.served_s and began_s + took_s >= killing.killed_s
