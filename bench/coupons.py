"""Coupon codes: made, printed, read and used; in ratios to what one would do without them.

The peer of making is what many shops do: draw codes from the system's source of chance, keep them
in a set so that none comes twice. The peer of a redemption is a bare step of the same ledger on as
many counters, in the same run.
"""

import gc
import resource
import secrets
from time import perf_counter, process_time
from typing import Any

from bench.harness import row
from queqiao.decide.promotions.coupons.code_book import PURPOSE
from queqiao.decide.promotions.coupons.code_files import code_file
from queqiao.decide.promotions.coupons.codes import CodeMaker, CodeSpace

MADE, DRAWN = 10_000_000, 300_000
SECRET = b"the coupon key of the bench, long"
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    return [*_printing(), *_making()]


def _making() -> list[Row]:
    maker = CodeMaker(CodeSpace(SECRET, PURPOSE), "bench", "", MADE)
    began = process_time()
    size = sum(len(lines) for lines in maker.lines(0, 2_000_000))
    ours = size / 14 / (process_time() - began)
    began = process_time()
    drawn: set[str] = set()
    while len(drawn) < DRAWN:
        drawn.add(secrets.token_hex(6))
    peer = DRAWN / (process_time() - began)
    figure = "codes made, printed, unique by construction"
    return [
        row(
            "coupons", figure, "codes/CPU s", "higher", round(ours), goal=1_000_000,
            peer=round(peer), peer_name="secrets.token_hex(6) and a set",
        )
    ]  # fmt: skip


def _printing() -> list[Row]:
    """Ten million codes as the file that is downloaded; what the process grows by meanwhile."""
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = perf_counter()
    maker = CodeMaker(CodeSpace(SECRET, PURPOSE), "bench", "", MADE)
    response = code_file("csv", "bench", "code", maker.lines(0, MADE), None)
    assert response.stream is not None
    size = sum(map(len, response.stream))
    elapsed_s = perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert size == 14 * MADE + 6
    return [
        row("coupons", "10 M codes redeemable and printed", "s", "lower", round(elapsed_s, 2),
            goal=30),
        row("coupons", "memory per unredeemed code", "bytes", "lower", round(grown / MADE, 2),
            goal=2),
    ]  # fmt: skip
