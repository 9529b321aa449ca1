"""The digest of a set of rows: independent of their order, of batches and of the engine.

It is the number of rows and the sum of their 64-bit hashes, each taken as unsigned, modulo 2^128.
A row's hash is that of its values in the order of the columns' names (``values.py``). In SQL it is
``count()`` and ``sum(toUInt128(reinterpretAsUInt64(hash64(…))))``.
"""

import numpy as np
import pyarrow as pa

from queqiao.ports.compute.values import hash_columns

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def digest(rows: pa.Table) -> str:
    """Return ``rows:sum`` with the sum as 32 hexadecimal digits. Duplicates count."""
    columns = [rows.column(name) for name in sorted(rows.column_names)]
    return digest_of_hashes(hash_columns(columns, rows.num_rows))


def digest_of_hashes(hashes: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> str:
    """Return the digest of rows whose hashes are known."""
    unsigned = hashes.view(np.uint64)
    total = (int((unsigned >> _HALF).sum()) << 32) + int((unsigned & _LOW).sum())
    return f"{len(hashes)}:{total % (1 << 128):032x}"
