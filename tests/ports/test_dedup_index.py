"""The dedup index: it denies no key, claims none that the log lacks, grows in little memory."""

import errno
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Lock

import numpy as np
import pytest

from queqiao.kernel.errors import Unavailable
from queqiao.ports.event_log import filter as filters
from queqiao.ports.event_log import runs as run_files
from queqiao.ports.event_log.dedup import DedupIndex, value_of
from queqiao.ports.event_log.filter import Filter
from queqiao.ports.event_log.runs import HASHES_END, Run, hash_of, hashes_of

MARK = bytes(8)


def digests(count: int, seed: int) -> list[bytes]:
    noise = Random(seed)
    return [noise.randbytes(16) for _ in range(count)]


def run_of(path: Path, keys: list[bytes], first: int = 1) -> Run:
    offsets = np.arange(len(keys), dtype=np.uint64) + np.uint64(first)
    return run_files.create(path, b"".join(keys), offsets)


class FakeLog:
    """Keys in the order of their offsets, as the log knows them."""

    def __init__(self, keys: list[bytes]) -> None:
        self.keys, self.asked = keys, 0

    def key_at(self, offset: int) -> tuple[bytes, bytes]:
        self.asked += 1
        return self.keys[offset - 1], MARK


def test_the_filter_knows_every_key_and_few_others(tmp_path: Path) -> None:
    keys = digests(20_000, 1)
    run, made = run_of(tmp_path / "1.run", keys), Filter()
    assert made.perhaps(hashes_of(b"".join(keys[:9]))) == list(range(9))
    made.renew(lambda: [run], Lock())
    assert all(made.may_hold(hash_of(key)) for key in keys)
    assert len(made.perhaps(hashes_of(b"".join(keys)))) == len(keys)
    others = digests(20_000, 2)
    wrong = made.perhaps(hashes_of(b"".join(others)))
    assert len(wrong) / len(others) < 0.02
    assert wrong == [at for at, key in enumerate(others) if made.may_hold(hash_of(key))]


def test_one_known_key_among_new_ones_is_found(tmp_path: Path) -> None:
    (known, *others) = digests(100, 3)
    run, made = run_of(tmp_path / "1.run", [known]), Filter()
    made.renew(lambda: [run], Lock())
    assert made.perhaps(hashes_of(b"".join([*others, known]))) == [99]


def test_a_filter_is_never_wrong_in_the_middle_of_its_renewal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_files, "PIECE_KEYS", 700)
    monkeypatch.setattr(filters, "WORDS_MIN", 16)
    keys = digests(24_000, 6)
    runs = [run_of(tmp_path / f"{part}.run", keys[part::8]) for part in range(8)]
    made, known, looks = Filter(), runs[:4], 0

    class Looking:
        """A lock that asks for every key whenever it is given up, and lets runs come between."""

        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            nonlocal known, looks
            looks += 1
            if looks % 9 == 0 and len(known) < 8:
                made.add(runs[len(known)].within(0, HASHES_END)[0])
                known = runs[: len(known) + 1]
            for run in known:
                assert len(made.perhaps(run.within(0, HASHES_END)[0])) == run.count

    made.renew(lambda: known, Looking())
    assert 4 < len(known) < 8
    assert made.is_full(24_000)
    made.renew(lambda: known, Looking())
    assert len(known) == 8
    made.renew(lambda: known, Looking())
    assert not made.is_full(24_000)
    assert len(made.perhaps(hashes_of(b"".join(digests(24_000, 7))))) < 400


def test_a_renewal_that_cannot_read_leaves_a_filter_that_denies_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_files, "PIECE_KEYS", 100)
    keys = digests(1000, 8)
    run, made = run_of(tmp_path / "1.run", keys), Filter()
    made.renew(lambda: [run], Lock())
    os.truncate(run.path, 64 + 8 * 500)
    with pytest.raises(OSError, match="ends too early"):
        made.renew(lambda: [run], Lock())
    assert len(made.perhaps(hashes_of(b"".join(keys)))) == len(keys)


@pytest.mark.parametrize("words_min", [16, 1 << 15])
def test_the_index_finds_all_keys_while_the_filter_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words_min: int
) -> None:
    monkeypatch.setattr(filters, "WORDS_MIN", words_min)
    keys = digests(6400, 4)
    log = FakeLog(keys)
    index = DedupIndex(tmp_path, 0, log.key_at, table_keys_max=64)
    for number in range(0, len(keys), 64):
        part = keys[number : number + 64]
        assert index.are_new(part)
        for offset, key in enumerate(part, number + 1):
            index.fill(key, value_of(MARK, offset), offset)
        assert not index.are_new([digests(1, number)[0], part[7]])
    index.settle()
    assert [index.get(key) for key in keys] == [value_of(MARK, 1 + at) for at in range(6400)]
    assert len(index.get_older(keys)) + len(index.table) >= len(keys)
    index.close()
    again = DedupIndex(tmp_path, 6400, log.key_at, table_keys_max=64)
    assert all(again.get(key) for key in keys[: len(keys) - len(index.table)])
    again.settle()
    assert all(again.get(key) for key in keys[: len(keys) - len(index.table)])
    log.asked = 0
    assert not any(map(again.get, digests(5000, 5)))
    assert log.asked == 0
    again.close()


def test_a_key_whose_hash_is_another_ones_is_new(tmp_path: Path) -> None:
    """The index matches 56 bits; the log is asked for the rest."""
    keys = digests(64, 9)
    log = FakeLog(keys)
    index = DedupIndex(tmp_path, 0, log.key_at, table_keys_max=64)
    for offset, key in enumerate(keys, 1):
        index.fill(key, value_of(MARK, offset), 64)
    index.settle()
    twins = [key[:8] + digests(1, at)[0][8:] for at, key in enumerate(keys)]
    assert [hash_of(twin) for twin in twins] == [hash_of(key) for key in keys]
    assert index.get_older(twins) == {}
    assert log.asked == 64
    assert len(index.get_older(keys)) == 64
    index.close()


def test_a_disk_that_does_not_tell_is_no_answer(tmp_path: Path) -> None:
    keys = digests(64, 10)

    def broken(offset: int) -> tuple[bytes, bytes]:
        raise OSError(errno.EIO, f"cannot read {offset}")

    index = DedupIndex(tmp_path, 0, broken, table_keys_max=64)
    for offset, key in enumerate(keys, 1):
        index.fill(key, value_of(MARK, offset), 64)
    index.settle()
    with pytest.raises(Unavailable, match="cannot be read"):
        index.are_new(keys[:3])
    index.close()


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 3000])
def test_a_run_gives_each_key_its_offset(tmp_path: Path, count: int) -> None:
    keys = digests(count, count)
    run = run_of(tmp_path / "1.run", keys, first=10**12)
    assert [list(run.candidates(hash_of(key))) for key in keys] == [
        [10**12 + at] for at in range(count)
    ]
    assert not any(list(run.candidates(hash_of(key))) for key in digests(300, count + 10_000))
    assert run.path.stat().st_size <= 64 + 8 * count + 8 * (count / 64 + 2)


def test_a_run_keeps_keys_of_one_hash_apart(tmp_path: Path) -> None:
    (key,) = digests(1, 11)
    run = run_of(tmp_path / "1.run", [key, *digests(50, 12), key, key])
    assert sorted(run.candidates(hash_of(key))) == [1, 52, 53]


def test_a_run_gives_its_keys_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "PIECE_KEYS", 100)
    keys = digests(350, 5)
    run = run_of(tmp_path / "1.run", keys)
    parts = [run.within(low, high) for low, high in run_files.pieces([run])]
    assert len(parts) == 4
    assert all(20 < len(hashes) < 180 for hashes, _ in parts)
    hashes, offsets = (np.concatenate(column).tolist() for column in zip(*parts, strict=True))
    assert hashes == sorted(hash_of(key) for key in keys)
    assert [hash_of(keys[offset - 1]) for offset in offsets] == hashes


def test_merged_runs_give_what_each_gave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "PIECE_KEYS", 500)
    keys = digests(5000, 13)
    cuts = [0, 1, 300, 1300, 4900, 5000]
    parts = [run_of(tmp_path / f"{a}.run", keys[a:b], first=a + 1) for a, b in pairwise(cuts)]
    merged = run_files.merge(tmp_path / "merged.run", parts)
    assert merged.count == 5000
    assert [next(merged.candidates(hash_of(key))) for key in keys] == list(range(1, 5001))
    assert not list(tmp_path.glob("*.draft"))


def test_a_full_disk_leaves_no_draft(tmp_path: Path) -> None:
    """In a process of its own, whose files may not grow beyond a limit."""
    code = (
        "import resource, signal, sys, numpy, pathlib\n"
        "from queqiao.ports.event_log import runs\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    runs.create(pathlib.Path(sys.argv[1]) / '1.run', bytes(16 * 5000),"
        " numpy.arange(5000, dtype=numpy.uint64))\n"
        "except OSError as error:\n"
        "    print(error.errno)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert int(told) == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


GROWING = """
import sys
from pathlib import Path
from threading import Lock
import numpy as np
from queqiao.ports.event_log import runs as run_files
from queqiao.ports.event_log.filter import Filter

def resident_mb(name):
    status = Path("/proc/self/status").read_text()
    return int(status.split(name)[1].split()[0]) / 1024

folder, noise = Path(sys.argv[1]), np.random.default_rng(1)
runs = []
for size in (1 << 22, 1 << 22, 1 << 22, 1 << 22, 1 << 20, 1 << 20, 1 << 17, 1 << 17):
    first = runs[-1].last + 1 if runs else 1
    offsets = np.arange(size, dtype=np.uint64) + np.uint64(first)
    runs.append(run_files.create(folder / f"{first}.run", noise.bytes(16 * size), offsets))
made = Filter()
made.renew(lambda: runs[:4], Lock())
Path("/proc/self/clear_refs").write_text("5")
before = resident_mb("VmRSS:")
runs_now = list(runs[:6])

class Between:  # half-way, other runs come, whose keys lie everywhere
    times = 0

    def __enter__(self):
        pass

    def __exit__(self, *_):
        self.times += 1
        if self.times in (9, 10):
            made.add(runs[self.times - 3].within(0, run_files.HASHES_END)[0])
            runs_now.append(runs[self.times - 3])

made.renew(lambda: runs_now, Between())
merged = run_files.merge(folder / "merged.run", runs)
print(before, resident_mb("VmHWM:"), resident_mb("VmRSS:"))
"""


def test_renewal_and_merge_take_little_memory(tmp_path: Path) -> None:
    """Old and new words together are 40 and 45 MB; a mapped merge would add 145 MB."""
    command = [sys.executable, "-c", GROWING, str(tmp_path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    before, peak, after = map(float, told.split())
    assert peak - before < 30, told
    assert after - before < 30, told
