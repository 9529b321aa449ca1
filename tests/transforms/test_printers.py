"""Every function means the same everywhere: reference = Arrow = ClickHouse, on adversarial rows."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.transforms import strategies as our
from tests.transforms.engines import ClickHouse, by_arrow, by_reference

from queqiao.ports.compute import arrow, clickhouse, reference
from queqiao.ports.compute.expression import check
from queqiao.ports.compute.functions import FUNCTIONS

BOUNDS = settings(
    max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def clickhouse_engine():
    engine = ClickHouse()
    yield engine
    engine.close()


def edges(count: int = 60) -> list[dict]:
    """Return rows that walk through the adversarial values of all types at coprime paces."""
    pools = {
        "bool": [True, False, None],
        "int": [*our.EDGES, None],
        "float": [*our.FLOATS, None],
        "text": [*our.TEXTS, *our.DOCUMENTS, None],
        "time": [*our.TIMES, None],
    }
    made = []
    for row in range(count):
        one = {}
        for name, kind in our.COLUMNS.items():
            pool = pools[kind]
            step = row if name.endswith("1") else row // 3 + row * 5
            one[name] = pool[step % len(pool)]
        made.append(one)
    pairs = ((-7, 2), (-7, -2), (7, -2), (-7, 0), (-(2**63), -1))
    return made + [made[0] | {"int_1": one, "int_2": other} for one, other in pairs]


def same(expressions, rows, engine) -> None:
    meant = by_reference(expressions, rows, our.COLUMNS)
    for name, answers in (
        ("arrow", by_arrow(expressions, rows, our.COLUMNS)),
        ("clickhouse", engine.evaluate(expressions, rows, our.COLUMNS)),
    ):
        for one, wanted, found in zip(expressions, meant, answers, strict=True):
            off = [
                (row, w, f)
                for row, w, f in zip(rows, wanted, found, strict=True)
                if (w, type(w)) != (f, type(f))
            ]
            if off:
                used = {c: off[0][0][c] for c in our.COLUMNS if c in str(one)}
                pytest.fail(f"{name}: {one}\non {used!r}\nmeans {off[0][1]!r}, gave {off[0][2]!r}")


def test_every_printer_prints_every_function() -> None:
    assert reference.NAMES == arrow.NAMES == clickhouse.NAMES == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_means_the_same(name: str, clickhouse_engine: ClickHouse) -> None:
    same(our.calls_of(name), edges(70), clickhouse_engine)
    same(our.with_literals(name), edges(30), clickhouse_engine)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_means_the_same_on_drawn_rows(name: str, clickhouse_engine: ClickHouse) -> None:
    calls = our.calls_of(name)[:6]

    @BOUNDS
    @given(rows=our.rows)
    def run(rows) -> None:
        same(calls, rows, clickhouse_engine)

    run()


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    trees=st.tuples(*(our.nested(kind) for kind in ("bool", "int", "float", "text", "time"))),
    rows=our.rows,
)
def test_nested_expressions_mean_the_same(trees, rows, clickhouse_engine: ClickHouse) -> None:
    for tree, kind in zip(trees, ("bool", "int", "float", "text", "time"), strict=True):
        assert check(tree, our.COLUMNS) == kind
    same(trees, rows, clickhouse_engine)


@pytest.mark.parametrize("language", ["", ".zh"], ids=["en", "zh"])
def test_the_page_names_every_function(language: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "concepts" / f"transforms{language}.md"
    text = page.read_text("utf-8")
    assert [name for name in FUNCTIONS if f"| `{name}` |" not in text] == []
