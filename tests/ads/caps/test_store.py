"""The table of a home: shared, kept over deaths and restarts, made again, grown."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from tests.ads.caps.counting_process import LIMIT, NOW_US, PEOPLE, TAGS, NoLog
from tests.ads.shop import Shop, campaign, placement

from queqiao.decide.ads.caps import snapshot
from queqiao.decide.ads.caps.counters import tag_of
from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.caps.frequency import Frequency
from queqiao.decide.ads.caps.people import People
from queqiao.decide.ads.caps.rows import lay, used
from queqiao.decide.ads.caps.store import Store
from queqiao.decide.ads.caps.table import BLOCKS_MIN, Full, Lock, Table
from queqiao.decide.ads.caps.unseen import Unseen
from queqiao.decide.ads.caps.windows import Windows
from queqiao.kernel.clock import DAY_US, MINUTE_US, SECOND_US
from queqiao.kernel.errors import Unavailable
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

ZONE = "Asia/Shanghai"


def store(home, boot="boot", bytes_max=10**9):
    return Store(home, boot, bytes_max)


def contents(people, persons):
    return {person: people.entries(person, NOW_US).words for person in persons}


@pytest.mark.parametrize("kill", [False, True])
def test_processes_count_together_whoever_is_killed(tmp_path, kill):
    ads = "4000"
    command = [sys.executable, "-m", "tests.ads.caps.counting_process", str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([*command, str(seed), ads], **pipes) for seed in range(4)]
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
        if kill and process is running[0]:
            begun = [process.stdout.readline() for _ in range(100)]
    if kill:
        os.kill(running[0].pid, signal.SIGKILL)
    told = [process.communicate(timeout=120)[0] for process in running]
    told += begun if kill else []
    assert [process.returncode for process in running[1:]] == [0, 0, 0]
    shown = Counter(one for lines in told for one in lines.split() if one.isdigit())
    assert max(shown.values()) <= LIMIT
    if not kill:
        assert shown == {str(1000 + number): LIMIT for number in range(PEOPLE)}
    people = store(tmp_path).open(NoLog(), ZONE)
    for person in range(1000, 1000 + PEOPLE):
        entries = people.entries(person, NOW_US + 10_000)
        assert entries.shown(TAGS[0], LIMIT) <= LIMIT
        assert entries.shown(TAGS[0], LIMIT) >= shown[str(person)]


def test_a_restart_finds_what_was_counted_and_another_boot_only_what_is_on_disk(tmp_path):
    people = store(tmp_path).open(NoLog(), ZONE)
    people.count(7, TAGS, {}, NOW_US)
    again = store(tmp_path).open(NoLog(), ZONE)
    assert contents(again, [7]) == contents(people, [7])
    assert contents(store(tmp_path, boot="next").open(NoLog(), ZONE), [7]) == {7: {}}


def test_a_copied_table_is_not_believed(tmp_path):
    (tmp_path / "a").mkdir()
    people = store(tmp_path / "a").open(NoLog(), ZONE)
    people.count(7, TAGS, {}, NOW_US)
    subprocess.run(["cp", "-r", tmp_path / "a", tmp_path / "b"], check=True)
    assert contents(store(tmp_path / "b").open(NoLog(), ZONE), [7]) == {7: {}}


@pytest.fixture
async def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    await shop.ledger.close()
    shop.log.close()


def reader(shop):
    return EmbeddedEventLogReader(shop.folder / "log")


async def serve(shop, people, times, at_us=NOW_US, **user):
    shop.mount(frequency=Frequency(people, b"secret"))
    user = user or {"id": "ann", "anonymous_id": "phone"}
    answers = []
    for number in range(times):
        body = {"placements": [{"id": "home"}], "user": user}
        answers.append(await shop.ask(body, at_us + number * SECOND_US))
    return [ad for answer in answers for ad in answer["decisions"]]


CAPS = [Cap("campaign", 5, "week"), Cap("advertiser", 9, "day", rolling=True)]


async def test_after_another_boot_counters_are_made_of_snapshot_and_log(shop):
    shop.show([placement()], [campaign("a", 100, caps=CAPS)])
    home = shop.folder
    first = store(home)
    people = first.open(reader(shop), ZONE)
    assert len(await serve(shop, people, 2)) == 2
    snapshot.write(first.snapshot_path, first.current(), reader(shop).end())
    assert len(await serve(shop, people, 2, NOW_US + MINUTE_US)) == 2
    assert len(await serve(shop, people, 1, session_id="s")) == 1
    again = store(home, boot="next").open(reader(shop), ZONE)
    assert set(keys_of(again)) <= set(keys_of(people))
    assert len(await serve(shop, again, 3, NOW_US + 2 * MINUTE_US)) == 1
    assert len(await serve(shop, again, 9, NOW_US + 2 * MINUTE_US, session_id="s")) == 4


def keys_of(people):
    keys = np.concatenate(list(used(people.current())))[:, 0]
    return sorted(map(int, set(keys)))


async def test_a_snapshot_that_is_damaged_is_left_alone_and_the_log_read_from_its_end(
    shop, tmp_path
):
    first = store(shop.folder)
    first.open(reader(shop), ZONE)
    first.snapshot_path.write_bytes(b"rubbish")
    people = store(shop.folder, boot="next").open(reader(shop), ZONE)
    assert keys_of(people) == []
    assert snapshot.read(first.snapshot_path) is not None


async def test_what_was_never_shown_is_taken_back_once_and_what_was_seen_is_not(shop):
    shop.show([placement()], [campaign("a", 100, caps=CAPS)])
    people = store(shop.folder).open(reader(shop), ZONE)

    def unseen():
        path = shop.folder / "caps" / "unseen"
        return Unseen(people, reader(shop), reader(shop), path, 30 * MINUTE_US)

    first = unseen()
    ads = await serve(shop, people, 9)
    assert len(ads) == 5
    await shop.tell(ads[0]["tracking"]["impression"], NOW_US + 29 * MINUTE_US)
    await shop.tell(ads[3]["tracking"]["click"], NOW_US + MINUTE_US)
    assert first.take_back(NOW_US + 29 * MINUTE_US) == 0
    assert first.take_back(NOW_US + 31 * MINUTE_US) == 3
    assert first.take_back(NOW_US + 31 * MINUTE_US) == 0
    assert unseen().take_back(NOW_US + 31 * MINUTE_US) == 0
    assert len(await serve(shop, people, 9, NOW_US + 32 * MINUTE_US)) == 3
    await shop.tell(ads[1]["tracking"]["impression"], NOW_US + 33 * MINUTE_US)
    assert unseen().take_back(NOW_US + 90 * MINUTE_US) == 3


async def test_who_dies_while_taking_back_takes_nothing_back_twice(shop, monkeypatch):
    shop.show([placement()], [campaign("a", 100, caps=CAPS)])
    people = store(shop.folder).open(reader(shop), ZONE)
    path = shop.folder / "caps" / "unseen"
    dying = Unseen(people, reader(shop), reader(shop), path, MINUTE_US)
    assert len(await serve(shop, people, 9)) == 5
    taken = iter(range(2))

    def die_soon(*arguments):
        if next(taken, None) is None:
            raise KeyboardInterrupt
        People.take_back(people, *arguments)

    monkeypatch.setattr(people, "take_back", die_soon, raising=False)
    with pytest.raises(KeyboardInterrupt):
        dying.take_back(NOW_US + 10 * MINUTE_US)
    monkeypatch.undo()
    next_one = Unseen(people, reader(shop), reader(shop), path, MINUTE_US)
    assert next_one.take_back(NOW_US + 10 * MINUTE_US) == 0
    assert len(await serve(shop, people, 9, NOW_US + 10 * MINUTE_US)) == 2


def test_a_table_that_is_half_full_grows_and_all_who_mapped_it_follow(tmp_path):
    one, other = store(tmp_path), store(tmp_path)
    people, others = one.open(NoLog(), ZONE), other.open(NoLog(), ZONE)
    random_ = random.Random(3)
    persons = [random_.getrandbits(63) + 2 for _ in range(BLOCKS_MIN * 6 // 10)]
    for person in persons:
        people.count(person, TAGS[:1], {}, NOW_US)
    assert one.grow()
    assert not one.grow()
    assert one.current().blocks == 2 * BLOCKS_MIN
    for person in persons:
        others.count(person, TAGS[:1], {}, NOW_US)
    assert other.current().blocks == 2 * BLOCKS_MIN
    counts = {people.entries(person, NOW_US).shown(TAGS[0], 9) for person in persons}
    assert counts == {2}
    assert store(tmp_path).open(NoLog(), ZONE).current().blocks == 2 * BLOCKS_MIN


def test_a_table_grows_to_its_bound_and_then_says_that_it_is_full(tmp_path):
    small = store(tmp_path, bytes_max=2 * BLOCKS_MIN * 64)
    people = small.open(NoLog(), ZONE)
    counted = 0

    def count_on():
        nonlocal counted
        for counted in range(1, 10**6):
            people.count(counted + 1 << 8, TAGS[:1], {}, NOW_US)
            if counted % 1000 == 0:
                small.grow()

    with pytest.raises(Full):
        count_on()
    assert counted < BLOCKS_MIN
    assert people.entries(2 << 8, NOW_US).shown(TAGS[0], 9) == 1


def test_blocks_laid_into_a_larger_table_are_found_again():
    random_ = random.Random(5)
    table = Table.in_memory()
    people = People(lambda: table, Lock(None), Windows(ZONE))
    persons = [random_.getrandbits(63) + 2 for _ in range(4000)]
    tags = [tag_of("campaign", str(number), "month", rolling=False) for number in range(9)]
    for person in persons:
        people.count(person, random_.sample(tags, random_.randint(1, 9)), {}, NOW_US)
    before = contents(people, persons)
    for blocks in (BLOCKS_MIN, 2 * BLOCKS_MIN):
        larger = Table.in_memory(blocks)
        lay(larger, np.concatenate(list(used(table))))
        assert contents(People(lambda: larger, Lock(None), Windows(ZONE)), persons) == before  # noqa: B023


def test_who_waits_too_long_for_a_segment_is_told(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path\n"
        "from queqiao.decide.ads.caps.table import Lock\n"
        "lock = Lock(Path(sys.argv[1])); lock.take(3); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    lock = Lock(path)
    lock.take(4)
    with pytest.raises(Unavailable):
        lock.take(3)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    lock.take(3)
    lock.close()


async def test_two_workers_in_one_log_never_show_one_too_many(shop):
    shop.show([placement()], [campaign("a", 100, caps=CAPS)])
    workers = [store(shop.folder).open(reader(shop), ZONE) for _ in range(2)]
    found = []
    for turn in range(6):
        found += await serve(shop, workers[turn % 2], 2, NOW_US + turn * MINUTE_US)
    assert len(found) == 5
    later = await asyncio.gather(*(serve(shop, one, 4, NOW_US + 8 * DAY_US) for one in workers))
    assert sum(map(len, later)) == 5
    assert SimpleNamespace(**later[0][0]).campaign_id == "a"
