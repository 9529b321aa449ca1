"""What the demo promises of its own size and speed: first page, 30 days of history, memory."""

from collections.abc import Callable

import pytest
from bench import memory

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.mark.timeout(900)
def test_the_demo_is_quick_and_small(record_property: Callable[[str, object], None]) -> None:
    rows = memory.run()
    for row in rows:
        record_property(row["figure"], f"{row['ours']:.1f} {row['unit']}")
    missed = [row for row in rows if row["goal"] is not None and row["ours"] > row["goal"]]
    assert not missed, missed
