"""Sets of promotions as integers: a promotion is a bit at its place.

Python's integers are the quickest bitsets here; numpy reads the places out of them.
"""

from collections.abc import Sequence

import numpy as np

_FEW_BITS = 2_048
"""Below so many bits a loop over the integer beats the calls into numpy."""


def places(bits: int) -> list[int]:
    """Return the places of the set bits, lowest first."""
    found: list[int] = np.flatnonzero(_unpacked(bits)).tolist()
    return found


def _unpacked(bits: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    size = (bits.bit_length() + 7) // 8
    packed = np.frombuffer(bits.to_bytes(size, "little"), np.uint8)
    return np.unpackbits(packed, bitorder="little")


def lines_by_place(named: Sequence[int], holding: int) -> dict[int, list[int]]:
    """Return the lines of each holding promotion that names goods: the line bits turned around."""
    found: dict[int, list[int]] = {}
    for line, bits in enumerate(named):
        for place in places(bits & holding):
            if place in found:
                found[place].append(line)
            else:
                found[place] = [line]
    return found
