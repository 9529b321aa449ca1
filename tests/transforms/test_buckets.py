"""A plan in two halves, over partitions and buckets, equals the plan whole: what engines run."""

from random import Random

import pyarrow as pa
import pytest
from tests.transforms.engines import table_of
from tests.transforms.test_machines import run as run_whole
from tests.transforms.test_machines import shop, source_of
from tests.transforms.test_windows import AGGREGATES, COLUMNS, WINDOWS, S, plan_of
from tests.transforms.test_windows import run as run_windows

from queqiao.kernel.errors import InvalidInput
from queqiao.ports.compute.bucket import Bucket
from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.exchange import BUCKET, Exchange
from queqiao.ports.compute.node import joined
from queqiao.ports.compute.plan import Plan
from queqiao.ports.compute.versions import standing
from queqiao.process.transforms.catalogue import MACHINES, TRANSFORMS

BUCKETS = 3


def partitions_of(rows: pa.Table, count: int, chance: Random) -> list[pa.Table]:
    """Deal rows out to partitions; each keeps its order."""
    dealt = [chance.randrange(count) for _ in range(rows.num_rows)]
    parts = []
    for partition in range(count):
        mine = rows.take(pa.array([n for n, p in enumerate(dealt) if p == partition], pa.int64()))
        mine = mine.append_column("__partition", pa.array([partition] * mine.num_rows, pa.int64()))
        parts.append(mine.append_column("__offset", pa.array(range(mine.num_rows), pa.int64())))
    return parts


def run_in_halves(plan, rows: pa.Table, partitions: int, chance: Random, finish=True) -> dict:
    """Read partitions in pieces, interleaved by chance; buckets lose their memory now and then."""
    parts = partitions_of(rows, partitions, chance)
    exchange = Exchange(plan, {}, BUCKETS)
    buckets = [Bucket(plan, MACHINES, partitions) for _ in range(BUCKETS)]
    kept: list[dict] = [{} for _ in buckets]
    places, outputs = [0] * partitions, []
    while True:
        left = [p for p in range(partitions) if places[p] < parts[p].num_rows]
        if not left:
            break
        partition, count = chance.choice(left), chance.randrange(1, 60)
        piece = parts[partition].slice(places[partition], count)
        places[partition] += count
        cut = exchange.cut(piece, {})
        for number in range(BUCKETS):
            mine = cut.filter(pa.compute.equal(cut.column(BUCKET), number))
            outputs.append(buckets[number].take(mine))
            for name, value in buckets[number].changes():
                kept[number].pop(name, None)
                if value is not None:
                    kept[number][name] = value
            if chance.random() < 0.2:
                buckets[number] = Bucket(plan, MACHINES, partitions)
                buckets[number].load(kept[number].items())
    outputs += [bucket.finish() for bucket in buckets] if finish else []
    return joined(outputs)


@pytest.mark.parametrize("partitions", [1, 3])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_in_two_halves_gives_the_digest_of_the_whole(name, partitions) -> None:
    rows = shop(618)
    wanted = run_whole(name, rows).read("results")
    found = run_in_halves(TRANSFORMS[name], source_of(name, rows), partitions, Random(partitions))
    assert "too_late" not in found
    results = found["results"]
    if name.startswith("events_"):
        keys = ("event", "bucket")
        wanted, results = standing(wanted, keys), standing(results, keys)
    assert digest(results) == digest(wanted)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("early", [False, True])
def test_what_is_too_late_is_so_in_two_halves_as_well(window, early) -> None:
    chance = Random(7)
    rows = [
        {
            "who": chance.choice(["甲", "乙", "👩‍🚀", "", None]),
            "day": chance.choice([0, 86_400 * S, None]),
            "at": chance.choice([n * S // 4 + chance.randrange(40) * S, None, -1, 2**62]),
            "amount": chance.choice([None, -7, 2**63 - 1, 2**53 + 1]),
            "word": chance.choice([None, "鹊", ""]),
        }
        for n in range(600)
    ]
    plan = plan_of(window, lateness_us=5 * S, out_of_order_us=2 * S, early=early)
    whole = run_windows(plan, rows, 1000)
    found = run_in_halves(plan, table_of(rows, COLUMNS), 1, chance)
    assert digest(found["too_late"]) == digest(whole.read("too_late"))
    keys = ("who", "day")
    one, other = standing(found["results"], keys), standing(whole.read("results"), keys)
    assert digest(one) == digest(other)
    assert len(AGGREGATES) + 4 == len(one.column_names)


def test_what_is_too_late_follows_from_each_partition_alone() -> None:
    """Three ways of interleaving three partitions: the same rows are too late."""
    rows = shop(5, 300)
    plan = TRANSFORMS["devices"]
    table = source_of("devices", Random(1).sample(rows, len(rows)))
    dealt = partitions_of(table, 3, Random(9))
    seen = set()
    for seed in range(3):
        chance = Random(9)
        found = run_in_halves(plan, table, 3, _Then(chance, Random(seed), len(rows)))
        seen.add((digest(found["results"]), digest(found["too_late"])))
    assert len(seen) == 1
    assert len(dealt) == 3


class _Then:
    """Chance that deals rows by one seed and everything after that by another."""

    def __init__(self, first: Random, then: Random, draws: int) -> None:
        self._first, self._then, self._left = first, then, draws

    def randrange(self, *bounds) -> int:
        self._left -= 1
        return (self._first if self._left >= 0 else self._then).randrange(*bounds)

    def choice(self, values):
        return self._then.choice(values)

    def random(self) -> float:
        return self._then.random()


def test_a_column_named_like_a_stamp_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        Exchange(Plan("p", {"__seen": "int"}, ()), {}, 2)
    assert refused.value.fields[0].path == "columns.__seen"
