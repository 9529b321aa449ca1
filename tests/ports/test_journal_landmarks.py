"""Frames found from a few remembered starts: each of them, nothing else, and backwards in order."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from queqiao.ports.journal import Journal, JournalReader, Landmarks
from queqiao.ports.journal.landmarks import SPACING_BYTES

SIZES = st.lists(st.sampled_from([1, 40, 300, 5_000, 40_000]), max_size=40)


@settings(max_examples=40, deadline=None)
@given(SIZES, st.randoms(use_true_random=False))
def test_every_frame_is_found_and_nothing_else(sizes: list[int], random) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder), segment_bytes=30_000)
        positions = [journal.append_now(bytes(size)) for size in sizes]
        reader = JournalReader(Path(folder), 1 << 15)
        landmarks = Landmarks(reader)
        for position in sorted(positions, key=lambda one: one + random.choice([0, 0, 9_000])):
            landmarks.note(position)
        found = [landmarks.find(position) for position in positions]
        assert [frame and frame.position for frame in found] == positions
        end = reader.end
        others = [p + 1 for p in positions if p + 1 not in positions] + [end, end + 1, 10**18]
        assert not any(map(landmarks.find, others))
        for before in [0, *random.sample(positions, min(5, len(positions))), end, end + 5]:
            wanted = [position for position in reversed(positions) if position < before]
            assert [frame.position for frame in landmarks.backwards(before)] == wanted
        journal.close()
        reader.close()


def test_memory_does_not_grow_by_the_frame(tmp_path: Path) -> None:
    landmarks = Landmarks(JournalReader(tmp_path))
    for position in range(0, 1_000_000, 100):
        landmarks.note(position)
    assert len(landmarks._starts) <= 1_000_000 // SPACING_BYTES + 1
