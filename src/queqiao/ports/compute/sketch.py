"""HyperLogLog over stable hashes. Merging is the maximum of registers: exact, in any order.

P. Flajolet, É. Fusy, O. Gandouet, F. Meunier, HyperLogLog (2007), with their small-range
correction; with 64-bit hashes no large-range correction is needed.
"""

from math import log
from typing import Any

import numpy as np

_BITS = 12
_COUNT = 1 << _BITS
_ALPHA = 0.7213 / (1 + 1.079 / _COUNT)


def registers_of(hashes: "np.ndarray[Any, np.dtype[np.int64]]") -> bytes:
    """Return the registers of a set of hashes."""
    unsigned = hashes.view(np.uint64)
    places = (unsigned >> np.uint64(64 - _BITS)).astype(np.int64)
    rest = unsigned << np.uint64(_BITS) | np.uint64(1 << (_BITS - 1))
    registers = np.zeros(_COUNT, np.uint8)
    np.maximum.at(registers, places, _leading_zeros(rest) + np.uint8(1))
    return registers.tobytes()


def _leading_zeros(values: "np.ndarray[Any, np.dtype[np.uint64]]") -> Any:
    """Return the zeros before the first one, by halving; floats would round."""
    zeros = np.zeros(len(values), np.uint8)
    left = values.copy()
    for width in (32, 16, 8, 4, 2, 1):
        empty = left < np.uint64(1 << (64 - width))
        zeros[empty] += np.uint8(width)
        left[empty] <<= np.uint64(width)
    return zeros


def estimate(registers: bytes) -> int:
    """Return the estimated number of different values."""
    counts = np.bincount(np.frombuffer(registers, np.uint8), minlength=1)
    harmonic = sum(int(count) * 2.0**-value for value, count in enumerate(counts.tolist()))
    raw = _ALPHA * _COUNT * _COUNT / harmonic
    empty = int(counts[0])
    if raw <= 2.5 * _COUNT and empty:
        raw = _COUNT * log(_COUNT / empty)
    return round(raw)
