"""The dedup index: the filter over all runs never denies a key, however it grows."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from queqiao.ports.event_log import filter as filters
from queqiao.ports.event_log import runs as run_files
from queqiao.ports.event_log.dedup import DedupIndex, value_of
from queqiao.ports.event_log.filter import Filter
from queqiao.ports.event_log.runs import Probe


def digests(count: int, seed: int) -> list[bytes]:
    noise = Random(seed)
    return [noise.randbytes(16) for _ in range(count)]


def test_the_filter_knows_every_key_and_few_others() -> None:
    keys = digests(20_000, 1)
    made = Filter(len(keys))
    made.add(b"".join(keys))
    assert all(map(made.may_hold, keys))
    assert all(made.may_hold_any(Probe([key])) for key in keys[:500])
    wrong = sum(map(made.may_hold, digests(20_000, 2)))
    assert wrong / 20_000 < 0.02


def test_one_known_key_among_new_ones_is_enough() -> None:
    made = Filter(1000)
    (known, *others) = digests(100, 3)
    made.add(known)
    assert made.may_hold_any(Probe([*others, known]))


@pytest.mark.parametrize("words_min", [16, 1 << 15])
def test_the_index_finds_all_keys_while_the_filter_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words_min: int
) -> None:
    monkeypatch.setattr(filters, "WORDS_MIN", words_min)
    keys = digests(6400, 4)
    index = DedupIndex(tmp_path, table_keys_max=64)
    for number in range(0, len(keys), 64):
        part = keys[number : number + 64]
        assert index.are_new(part)
        for offset, key in enumerate(part, number + 1):
            index.fill(key, value_of(bytes(8), offset), offset)
        assert not index.are_new([digests(1, number)[0], part[7]])
    index.settle()
    assert all(index.get(key) for key in keys)
    assert len(index.get_older(keys)) + len(index.table) >= len(keys)
    index.close()
    again = DedupIndex(tmp_path, table_keys_max=64)
    assert all(again.get(key) for key in keys[: len(keys) - len(index.table)])
    again.settle()
    assert all(again.get(key) for key in keys[: len(keys) - len(index.table)])
    again.close()


def test_a_run_gives_its_keys_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "MERGE_CHUNK_KEYS", 10)
    keys = digests(35, 5)
    run = run_files.create(tmp_path / "1.run", b"".join(keys), bytes(16 * 35))
    pieces = [np.stack(piece, axis=1) for piece in run.pieces()]
    assert [len(piece) for piece in pieces] == [10, 10, 10, 5]
    assert {row.tobytes() for row in np.vstack(pieces)} == set(keys)
