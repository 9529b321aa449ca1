"""The laws of profile rows, on every adapter: SQLite, Redis, Valkey, HBase."""

import asyncio
import sqlite3
from itertools import count

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from tests.ports.row_stores import (  # noqa: F401  # fixtures
    ADAPTERS,
    open_store,
    place_of,
    rows_url,
)

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Broken, FieldError, InvalidInput, Unavailable
from queqiao.ports.laws import LawBroken
from queqiao.ports.profile_rows.base import Family, counted, counter
from queqiao.ports.profile_rows.laws import FAMILIES, laws, values
from queqiao.ports.profile_rows.sqlite import SqliteRows

LAWS = [law.name.en for law in laws(None, "")]
KEYS = st.sampled_from(["a", "a/", "a/b", "鹊", "鹊桥", "￿", "🪶"])
COLUMNS = st.dictionaries(
    st.sampled_from(["a:x", "a:y", "b:x", "b:" + "长" * 60]), st.binary(max_size=40), min_size=1
)
serial = count()


@pytest.mark.parametrize("rows_url", ADAPTERS, indirect=True)
@pytest.mark.parametrize("name", LAWS)
async def test_law(name, rows_url, open_store):  # noqa: F811
    rows = open_store(rows_url, FAMILIES)
    try:
        await next(law for law in laws(rows, "law") if law.name.en == name).check()
    finally:
        await rows.close()


class Steps(RuleBasedStateMachine):
    """Every step beside a plain model; sometimes the store is opened anew, by another process."""

    opener = None

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.place = f"steps-{next(serial)}:"
        self.model = {}
        self.rows = self.opener()

    def run(self, coroutine):
        return self.runner.run(coroutine)

    def teardown(self):
        self.run(self.rows.close())
        self.runner.close()

    def read(self, key):
        return values(self.run(self.rows.get([self.place + key])).get(self.place + key))

    @rule(key=KEYS, columns=COLUMNS)
    def put(self, key, columns):
        self.run(self.rows.put({self.place + key: columns}))
        self.model.setdefault(key, {}).update(columns)
        assert self.read(key) == self.model[key]

    @rule(key=KEYS, columns=COLUMNS, expected=st.none() | st.binary(max_size=1), data=st.data())
    def check_and_put(self, key, columns, expected, data):
        known = self.model.get(key, {})
        column = data.draw(st.sampled_from(["a:x", "b:x"]))
        expected = data.draw(st.sampled_from([expected, known.get(column)]))
        did = self.run(self.rows.check_and_put(self.place + key, column, expected, columns))
        assert did == ((known.get(column) or None) == (expected or None))
        if did:
            self.model.setdefault(key, {}).update(columns)
        assert self.read(key) == self.model.get(key, {})

    @rule(key=KEYS, amount=st.integers(1, 1 << 40), name=st.sampled_from(["", "n"]))
    def add(self, key, amount, name):
        known = self.model.setdefault(key, {})
        done = (key, name) in self.model and bool(name)
        told = self.run(self.rows.add(self.place + key, "b:n", amount, name))
        if done:
            assert told == self.model[key, name]["told"]
        else:
            assert told == counter(known.get("b:n", counted(0))) + amount
            known["b:n"] = counted(told)
            if name:
                self.model[key, name] = {"told": told}

    @rule(key=KEYS)
    def delete(self, key):
        self.run(self.rows.delete([self.place + key]))
        self.model.pop(key, None)
        self.model.pop((key, "n"), None)
        assert self.read(key) == {}

    @rule(prefix=st.sampled_from(["", "a", "a/", "鹊"]), limit=st.integers(1, 4))
    def scan(self, prefix, limit):
        cursor, found = None, []
        while True:
            page = self.run(self.rows.scan(self.place + prefix, cursor, limit))
            found += [(key.removeprefix(self.place), values(row)) for key, row in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
        known = [key for key in self.model if isinstance(key, str) and key.startswith(prefix)]
        assert found == [(key, self.model[key]) for key in sorted(known, key=str.encode)]

    @rule()
    def open_anew(self):
        self.run(self.rows.close())
        self.rows = self.opener()

    @rule()
    def tidy(self):
        self.run(self.rows.tidy())


@pytest.mark.parametrize("rows_url", ADAPTERS, indirect=True)
def test_steps_by_hypothesis(rows_url, open_store):  # noqa: F811
    class OnStore(Steps):
        opener = staticmethod(lambda: open_store(rows_url, FAMILIES))

    bounds = settings(
        max_examples=15,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(OnStore, settings=bounds)


@pytest.mark.parametrize("rows_url", ADAPTERS, indirect=True)
async def test_two_openings_are_one_store(rows_url, open_store):  # noqa: F811
    one, other = (open_store(rows_url, FAMILIES) for _ in range(2))
    await one.put({"k": {"a:x": b"1"}})
    assert values((await other.get(["k"]))["k"]) == {"a:x": b"1"}
    told = await asyncio.gather(*(rows.add("k", "b:n", 1) for rows in (one, other) * 50))
    assert sorted(told) == list(range(1, 101))
    await other.delete(["k"])
    assert await one.get(["k"]) == {}
    for rows in (one, other):
        await rows.close()


class Broken1(SqliteRows):
    """A store that forgets to check, one that loses additions, and so on, are found out."""

    async def check_and_put(self, key, column, expected, columns):
        await self.put({key: columns})
        return True


class Broken2(SqliteRows):
    async def add(self, key, column, amount, once=""):
        known = (await self.get([key])).get(key, {})
        total = amount + (counter(known[column].value) if column in known else 0)
        await self.put({key: {column: counted(total)}})
        return total


class Broken3(SqliteRows):
    async def delete(self, keys):
        await self.put({key: {"a:x": b""} for key in keys})


class Broken4(SqliteRows):
    async def scan(self, prefix, cursor=None, limit=100):
        page = await super().scan(prefix, cursor, limit)
        return page._replace(rows=page.rows[::-1])


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (Broken1, "check and put is one step"),
        (Broken1, "of many checks at once one succeeds"),
        (Broken2, "counters lose none of many at once"),
        (Broken2, "an addition counts once by its name"),
        (Broken3, "a deleted row is gone, and begins anew"),
        (Broken4, "scans in order, each row once"),
    ],
)
async def test_the_laws_find_a_store_that_breaks_them(kind, law, tmp_path):
    rows = kind(tmp_path / "rows.sqlite", FAMILIES)
    with pytest.raises(LawBroken):
        await next(one for one in laws(rows, "law") if one.name.en == law).check()
    await rows.close()


class HandClock:
    def __init__(self):
        self.at_us = SECOND_US

    def now_us(self):
        return self.at_us


async def test_what_has_outlived_its_time_leaves_the_file(tmp_path):
    clock, path = HandClock(), tmp_path / "rows.sqlite"
    rows = SqliteRows(path, [Family("a", 10), Family("b")], clock)
    await rows.put({f"k{n}": {"a:x": b"short-lived", "b:x": b"stays"} for n in range(500)})
    clock.at_us += 9 * SECOND_US
    assert len((await rows.get(["k1"]))["k1"]) == 2
    assert await rows.tidy() == 0
    clock.at_us += SECOND_US
    assert set((await rows.get(["k1"]))["k1"]) == {"b:x"}
    await rows.put({"other": {"b:x": b"1"}})  # each write takes some of it along
    assert await rows.tidy() == 450
    await rows.delete(["none"])  # cuts the journal
    await rows.close()
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"short-lived" not in held
    assert b"stays" in held


async def test_nothing_of_a_deleted_row_stays_on_the_disk(tmp_path):
    rows = SqliteRows(tmp_path / "rows.sqlite", FAMILIES)
    secret = b"what nobody may know " * 200
    await rows.put({f"k{n}": {"a:x": secret} for n in range(50)})
    await rows.put({"k": {"a:x": b"fine"}})
    await rows.delete([f"k{n}" for n in range(50)])
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    await rows.close()
    assert b"nobody may know" not in held
    assert b"fine" in held


def _setting(error):
    return error.fields[0] if error.fields else FieldError("", error.detail)


async def test_a_file_that_is_no_database_is_told_with_the_cure(tmp_path):
    (tmp_path / "rows.sqlite").write_bytes(b"no database at all" * 500)
    rows = SqliteRows(tmp_path / "rows.sqlite", FAMILIES)
    with pytest.raises(Broken, match=r"\[ports\] profile_rows: .* delete it"):
        await rows.get(["k"])
    await rows.close()


async def test_a_place_that_cannot_be_written_is_told_with_the_cure(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    rows = SqliteRows(tmp_path / "file" / "rows.sqlite", FAMILIES)
    with pytest.raises(InvalidInput, match=r"ports.profile_rows: .* another path"):
        await rows.put({"k": {"a:x": b"1"}})
    await rows.close()


async def test_a_writer_that_holds_the_file_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("queqiao.ports.profile_rows.sqlite.BUSY_S", 0.1)
    rows = SqliteRows(tmp_path / "rows.sqlite", FAMILIES)
    await rows.put({"k": {"a:x": b"1"}})
    other = sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match=r"\[ports\] profile_rows: another process"):
        await rows.put({"k": {"a:x": b"2"}})
    assert values((await rows.get(["k"]))["k"]) == {"a:x": b"1"}  # readers do not wait
    other.execute("ROLLBACK")
    await rows.put({"k": {"a:x": b"2"}})
    other.close()
    await rows.close()
