"""A file of the spool, cut off at any byte, gives back every event that was whole in it."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from queqiao_client.segment import Segment, line_of
from queqiao_client.spool import Spool

BODIES = st.lists(st.binary(max_size=40).filter(lambda body: b"\n" not in body), max_size=8)


@settings(max_examples=60, deadline=None)
@given(BODIES, st.data())
def test_whatever_is_torn_only_the_torn_line_is_missing(bodies: list[bytes], data) -> None:
    lines = [line_of(body) for body in bodies]
    cut = data.draw(st.integers(0, sum(map(len, lines))))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "1.spool"
        file.write_bytes(b"".join(lines)[:cut])
        segment = Segment.adopt(file)
        assert Segment.adopt(file) is None, "it is ours now"
        found = list(segment.unsent())
        segment.close()
    whole, end = [], 0
    for body, line in zip(bodies, lines, strict=True):
        end += len(line)
        if end <= cut:
            whole.append(body)
    assert [line.body for line in found if line.body is not None] == whole
    assert not found or found[-1].end == cut


@settings(max_examples=60, deadline=None)
@given(BODIES, st.lists(st.integers(1, 5), max_size=6))
def test_batches_come_in_order_once_also_across_starts(
    bodies: list[bytes], sizes: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder), 1_000_000, lambda: 1)
        for body in bodies:
            spool.append(body, durable=False)
        taken: list[bytes] = []
        for size in [*sizes, 100]:
            batch = spool.next_batch(size, 1_000)
            if batch is not None:
                taken += batch.bodies
                spool.mark_sent(batch)
            spool.close()
            spool.start()
        assert taken == bodies
        assert spool.is_empty()
        spool.close()
