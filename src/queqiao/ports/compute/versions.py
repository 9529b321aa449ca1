"""What stands among versioned results: the highest version of each key and window."""

import pyarrow as pa
import pyarrow.compute as pc


def standing(results: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """Return the results that stand, without the columns ``version`` and ``retracted``."""
    by = [*keys, "window_start"]
    numbered = results.append_column("place", pa.array(range(results.num_rows), pa.int64()))
    order = pc.sort_indices(numbered, sort_keys=[("version", "ascending"), ("place", "ascending")])
    last = numbered.take(order).group_by(by, use_threads=False).aggregate([("place", "last")])
    kept = results.take(last.column("place_last"))
    return kept.filter(pc.invert(kept.column("retracted"))).drop_columns(["version", "retracted"])
