"""Compressed bodies: told by their first bytes, bounded after decompression, in bounded memory."""

import gzip
import json
import tracemalloc
import zlib
from contextlib import suppress
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from queqiao.collect.bodies import unpack
from queqiao.kernel.errors import InvalidInput, TooLarge, UnsupportedMedia

SIZE_MAX = 4_000_000
CLEAR = json.dumps({"batch": [{"名": "值" * 300}]}, ensure_ascii=False).encode()


def raw_deflate(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(body) + packing.flush()


def streamed_zstd(body: bytes) -> bytes:
    packing = zstandard.ZstdCompressor().compressobj()
    return packing.compress(body) + packing.flush()


PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
    "zstd": zstandard.compress,
    "streamed zstd": streamed_zstd,
    "br": partial(brotli.compress, quality=1),
}


def line_of(packer: str) -> str:
    return packer.rpartition(" ")[2]


HAVE_FIRST_BYTES = ("gzip", "deflate", "zstd", "streamed zstd")


@pytest.mark.parametrize("packer", PACKERS)
def test_what_the_line_names_is_unpacked(packer: str) -> None:
    line = line_of(packer).upper()
    assert unpack(PACKERS[packer](CLEAR), line, SIZE_MAX) == CLEAR


@pytest.mark.parametrize(
    "line", [None, "", "identity", "gzip", "deflate", "br", "zstd", "nonsense"]
)
@pytest.mark.parametrize("packer", HAVE_FIRST_BYTES)
def test_first_bytes_go_before_the_line(packer: str, line: str | None) -> None:
    assert unpack(PACKERS[packer](CLEAR), line, SIZE_MAX) == CLEAR


@pytest.mark.parametrize("line", ["gzip", "deflate", "br", "zstd"])
def test_json_in_clear_under_a_left_over_line(line: str) -> None:
    assert unpack(CLEAR, line, SIZE_MAX) == CLEAR
    assert unpack(b"", line, SIZE_MAX) == b""


def test_another_encoding_is_not_spoken() -> None:
    with pytest.raises(UnsupportedMedia):
        unpack(CLEAR, "compress", SIZE_MAX)


@pytest.mark.parametrize("packer", PACKERS)
def test_broken_data_is_refused(packer: str) -> None:
    packed = PACKERS[packer](CLEAR * 50)
    with pytest.raises(InvalidInput):
        unpack(packed[: len(packed) // 2], line_of(packer), SIZE_MAX)


@pytest.mark.parametrize("packer", PACKERS)
def test_the_bound_is_that_of_the_clear_bytes(packer: str) -> None:
    packed = PACKERS[packer](b" " * 1000)
    line = line_of(packer)
    assert len(unpack(packed, line, 1000)) == 1000
    with pytest.raises(TooLarge):
        unpack(packed, line, 999)


@pytest.mark.parametrize("packer", PACKERS)
def test_a_bomb_takes_bounded_memory(packer: str) -> None:
    bomb = PACKERS[packer](bytes(60_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            unpack(bomb, line_of(packer), SIZE_MAX)
        assert tracemalloc.get_traced_memory()[1] < 5 * SIZE_MAX
    finally:
        tracemalloc.stop()


def test_a_zstd_window_beyond_its_bound_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    packing = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packing.compress(b"{}") + packing.flush()
    with pytest.raises(TooLarge):
        unpack(packed, "zstd", SIZE_MAX)


LINES = st.sampled_from([None, "gzip", "deflate", "zstd", "br", "x"])


@given(body=st.binary(max_size=200), line=LINES, packer=st.sampled_from(["", *PACKERS]))
def test_any_bytes_are_unpacked_or_refused(body: bytes, line: str | None, packer: str) -> None:
    packed = PACKERS[packer](body) if packer else body
    for told in (packed, packed[:7] + body + packed[7:]):
        with suppress(InvalidInput, TooLarge, UnsupportedMedia):
            assert len(unpack(told, line, 1000)) <= 1000
