"""Identity stitching: its rules, and the law that it is a function of what was said.

The oracle computes the people of a history anew, all at once, knowing nothing of the machine.
"""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queqiao.process import stitching
from queqiao.process.identifiers import identifier
from queqiao.process.state import Checkpoint, StateFile
from queqiao.process.stitching import Node, Sighting, Stitching

DEVICES = ["d0", "d1", "d2", "d3"]
USERS = ["u0", "u1", "u2", "u3"]
PHONES = ["phone:1", "phone:2", "email:1", "card:1"]
OAIDS = ["oaid:1", "oaid:2"]
NUMBERS = {one: at + 1 for at, one in enumerate(random.Random(7).sample(DEVICES + USERS, 8))}


class Machine:
    """The machine over a state file in memory, and the table that it writes."""

    def __init__(self, path) -> None:
        self.file = StateFile(path)
        self.table: dict[str, str] = {}
        parts = [("n", Node), ("h", tuple[str, ...]), ("l", tuple[str, ...])]
        keyed = [self.file.keyed(kind, of, 3) for kind, of in parts]
        self.machine = Stitching(*keyed, lambda one: NUMBERS.get(one, 0))

    def see(self, said) -> None:
        kind, *rest = said
        if kind == "merge":
            rows = self.machine.merge(*rest, [one for one in rest if one in USERS])
        elif kind == "unmerge":
            rows = self.machine.unmerge(*rest)
        else:
            rows = self.machine.see(sighting(said))
        for row in rows:
            self.table[row.person_id] = row.into

    def people(self) -> dict[str, str]:
        return {one: into for one, into in self.table.items() if into != one}


def sighting(said) -> Sighting:
    _, device, user, identifiers = said
    return Sighting(device, user, False, bool(device and user), identifiers)


class Said:
    """A history read at once, into sets."""

    def __init__(self, history) -> None:
        self.logins: dict[str, set[str]] = {}
        self.holds: set[tuple[str, str]] = set()
        self.joined: set[frozenset[str]] = set()
        self.apart: set[str] = set()
        for kind, *rest in history:
            {"merge": self.merge, "unmerge": self.unmerge, "event": self.event}[kind](*rest)
        self.shared = {device for device, users in self.logins.items() if len(users) > 1}

    def merge(self, one, other) -> None:
        self.joined.add(frozenset((one, other)))

    def unmerge(self, one, other) -> None:
        if frozenset((one, other)) in self.joined:
            self.joined.discard(frozenset((one, other)))
        else:
            self.apart.add(other)

    def event(self, device, user, identifiers) -> None:
        if device and user:
            self.logins.setdefault(device, set()).add(user)
        for one in identifiers:
            holder = device if one.startswith("oaid") else user or device
            self.holds |= {(holder, one)} if holder else set()

    def telling(self, one) -> list[str]:
        """Return whom an identifier joins."""
        kind = one.split(":")[0]
        everyone = [who for who, held in self.holds if held == one]
        users = {user for who in everyone for user in self.logins.get(who, ())}
        if len(everyone) > stitching.HOLDERS_MAX or (kind == "oaid" and len(users) > 1):
            return []
        return [
            who
            for who in everyone
            if who not in self.apart | self.shared
            and sum(1 for holder, held in self.holds if (holder, held.split(":")[0]) == (who, kind))
            <= stitching.VALUES_MAX
        ]

    def edges(self) -> list[tuple[str, str]]:
        found = [tuple(pair) for pair in self.joined]
        for one in {one for _, one in self.holds}:
            telling = self.telling(one)
            found += [(telling[0], who) for who in telling[1:]]
        known = {who for who, _ in self.holds} | {who for pair in self.joined for who in pair}
        return found + [
            (one, *self.logins[one]) for one in known & self.logins.keys() - self.shared
        ]


def oracle(history) -> dict[str, str]:
    """Return whom each id stands for, computed from the whole history at once."""
    group = {one: {one} for one in DEVICES + USERS}
    for one, other in Said(history).edges():
        whole = group[one] | group[other]
        for who in whole:
            group[who] = whole
    found = {}
    for one, whole in group.items():
        if 1 < len(whole) <= stitching.PEOPLE_MAX:
            into = min(whole, key=lambda who: (who not in USERS, NUMBERS[who]))
            found |= {one: into} if into != one else {}
    return found


ANYONE = st.sampled_from(DEVICES + USERS)
EVENT = st.tuples(
    st.just("event"),
    st.sampled_from(["", *DEVICES]),
    st.sampled_from(["", "", *USERS]),
    st.lists(st.sampled_from(PHONES + OAIDS), max_size=2, unique=True),
)
PAIR = st.lists(ANYONE, min_size=2, max_size=2, unique=True)
ORDER = PAIR.flatmap(
    lambda pair: st.sampled_from(["merge", "merge", "unmerge"]).map(lambda word: (word, *pair))
)
HISTORY = st.lists(st.one_of(EVENT, EVENT, EVENT, ORDER), max_size=24)


@pytest.fixture(params=[(10, 3, 100), (2, 1, 4), (3, 1, 3)], scope="module")
def limits(request):
    names = ("HOLDERS_MAX", "VALUES_MAX", "PEOPLE_MAX")
    before = [getattr(stitching, name) for name in names]
    for name, value in zip(names, request.param, strict=True):
        setattr(stitching, name, value)
    yield
    for name, value in zip(names, before, strict=True):
        setattr(stitching, name, value)


@pytest.fixture(scope="module")
def path():
    return lambda: Path(":memory:")


def made(path, history) -> Machine:
    machine = Machine(path)
    for said in history:
        machine.see(said)
    return machine


@settings(max_examples=150, deadline=None)
@given(history=HISTORY)
def test_event_by_event_equals_a_computation_anew(limits, path, history) -> None:
    assert made(path(), history).people() == oracle(history)


@settings(max_examples=80, deadline=None)
@given(history=HISTORY, pair=PAIR, later=st.lists(EVENT, max_size=8))
def test_a_merge_and_its_unmerge_leave_no_trace(limits, path, history, pair, later) -> None:
    back = [("unmerge", *pair)]
    had = made(path(), history)
    if pair[1] in (had.machine._nodes.get(pair[0]) or Node()).joined:
        return  # joined by hand before: taken back it is another history
    with_both = made(path(), [*history, ("merge", *pair), *later, *back])
    assert with_both.people() == made(path(), [*history, *later]).people()


@settings(max_examples=80, deadline=None)
@given(events=st.lists(EVENT, max_size=16), chance=st.randoms(use_true_random=False))
def test_the_order_of_what_is_said_does_not_matter(limits, path, events, chance) -> None:
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert made(path(), shuffled).people() == made(path(), events).people()


def test_what_was_remembered_is_there_after_a_commit_and_a_start(tmp_path) -> None:
    first = [("event", "", "u0", ["phone:1"]), ("event", "d0", "", ["phone:1"])]
    last = [("event", "d0", "u1", []), ("event", "", "u1", ["email:1"])]
    machine = made(tmp_path / "state", first)
    machine.file.commit(Checkpoint(2))
    machine.file.close()
    again = Machine(tmp_path / "state")
    again.table = dict(machine.table)
    for said in last:
        again.see(said)
    assert again.people() == oracle(first + last)


def test_two_logins_on_one_device_never_make_one_person(path) -> None:
    shared = [("event", "d0", "u0", ["oaid:1"]), ("event", "d0", "", ["oaid:1"])]
    shared += [("event", "d0", "u1", ["oaid:1"]), ("event", "d1", "u1", ["oaid:1"])]
    assert made(path(), shared).people() == {"d1": "u1"}  # the device that is only theirs


def test_a_phone_that_half_the_town_types_joins_nobody_any_more(path) -> None:
    machine = Machine(path())
    for number in range(stitching.HOLDERS_MAX):
        machine.see(("event", "", f"customer-{number}", ["phone:shop"]))
        NUMBERS[f"customer-{number}"] = 100 + number
    assert len(machine.people()) == stitching.HOLDERS_MAX - 1
    machine.see(("event", "", "one-more", ["phone:shop"]))
    assert machine.people() == {}


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "138 1234-5678", "+8613812345678"),
        ("phone", "008613812345678", 13812345678),
        ("phone", "１３８１２３４５６７８", "(86)13812345678"),
        ("phone", "+1 415 555 2671", "0014155552671"),
        ("email", " Ann@Shop.CN ", "ann@shop.cn"),
        ("card", "VIP 0012-7", "vip00127"),
        ("idfa", "6D92078A-8246-4BA4-AE5B-76104861E7DC", "6d92078a-8246-4ba4-ae5b-76104861e7dc"),
    ],
)
def test_forms_of_one_value_are_one_identifier(kind, one, other) -> None:
    assert identifier(kind, one) == identifier(kind, other) is not None
    assert "138" not in (identifier(kind, one) or "")[:12]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "13800000000"), ("phone", "000-000"), ("phone", "0000000000"), ("phone", "12345"),
        ("phone", "+8613800138000"), ("phone", True), ("phone", None), ("phone", {"a": 1}),
        ("email", "TEST@test.com"), ("email", "no mail"), ("email", "@"), ("email", "x" * 999),
        ("card", "0000"), ("card", "N/A"), ("oaid", "00000000-0000-0000-0000-000000000000"),
        ("gaid", "unknown"), ("phone", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)  # fmt: skip
def test_placeholders_identify_nobody(kind, value) -> None:
    assert identifier(kind, value) is None
