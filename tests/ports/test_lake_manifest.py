"""The manifest of a table in an object store, and what S3 keeps of contents that were replaced."""

from collections.abc import Callable

import pytest
from tests.ports.lakes import lake_url  # noqa: F401  # a fixture

from queqiao.ports.lake.laws import rows
from queqiao.ports.lake.manifest import GRACE_US, Entry, Manifest
from queqiao.ports.lake.s3 import S3Lake


def test_a_replaced_content_is_kept_for_its_readers_and_then_not() -> None:
    first = Manifest().with_entry("day=1", Entry("a"), 1)
    second = first.with_entry("day=1", Entry("b"), 2)
    assert second.keys() == {"a/day=1/data.parquet", "b/day=1/data.parquet"}
    third = second.with_entry("day=2", Entry("c"), 2 + GRACE_US)
    assert third.keys() == {"b/day=1/data.parquet", "c/day=2/data.parquet"}


def test_what_is_as_it_was_changes_nothing() -> None:
    manifest = Manifest().with_entry("day=1", Entry("a"), 1)
    assert manifest.with_entry("day=1", Entry("a"), 9) is manifest
    assert manifest.with_entry("day=2", None, 9) is manifest


class SetClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.us = 1_000_000

    def now_us(self) -> int:
        return self.us


@pytest.mark.engines
def test_who_reads_a_replaced_content_ends_and_the_next_reads_the_new(
    lake_url: Callable[[str], str],  # noqa: F811
) -> None:
    clock, ids = SetClock(), iter(f"{number:08d}" for number in range(99))
    lake = S3Lake(lake_url("s3"), clock, lambda: next(ids))
    lake.publish("profiles", "day=1", rows(1))
    former = lake.place("profiles", "day=1")
    lake.publish("profiles", "day=1", rows(2))
    assert former != lake.place("profiles", "day=1")
    assert "/00000000/day=1/" in former
    assert any("/00000000/" in key for key in lake._listed(lake._key("profiles", "00000000")))
    lake.publish("profiles", "day=1", rows(2))
    assert next(ids) == "00000002", "the same content again takes no key"
