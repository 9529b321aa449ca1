"""What the demo promises of its own size and speed: first page, 30 days of history, memory."""

import pytest
from bench import memory

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.mark.timeout(900)
def test_the_demo_is_quick_and_small() -> None:
    missed = [row for row in memory.run() if row["goal"] is not None and row["ours"] > row["goal"]]
    assert not missed, missed
