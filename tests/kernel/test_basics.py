"""Time, ids, chance, tokens, errors and text."""

import hmac
import uuid
from base64 import urlsafe_b64decode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel import errors
from queqiao.kernel.clock import (
    DAY_US,
    FixedClock,
    business_day,
    day_start_us,
    format_rfc3339,
    parse_rfc3339,
)
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import language_of
from queqiao.kernel.ids import IdSource, uuid7
from queqiao.kernel.problem import describe, from_wire, to_wire
from queqiao.kernel.randomness import Randomness
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer

YEAR_3000_US = 32_503_680_000_000_000


@given(st.integers(0, YEAR_3000_US))
def test_times_go_out_and_come_back(us: int) -> None:
    assert parse_rfc3339(format_rfc3339(us)) == us


def test_offsets_are_heard() -> None:
    assert parse_rfc3339("2026-06-18T00:00:00+08:00") == parse_rfc3339("2026-06-17T16:00:00Z")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00+23:59x"])
def test_bad_times_name_their_field(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_rfc3339(text, "starts_at")
    assert refused.value.fields[0].path == "starts_at"


def test_a_business_day_turns_over_at_its_own_midnight_and_may_have_25_hours() -> None:
    us = parse_rfc3339("2026-11-21T16:00:00Z")
    assert business_day(us - 1) == "2026-11-21"
    assert business_day(us) == "2026-11-22"
    assert day_start_us("2026-11-22") == us
    autumn = day_start_us("2026-10-26", "Europe/London") - day_start_us(
        "2026-10-25", "Europe/London"
    )
    assert autumn == DAY_US * 25 // 24


@given(st.integers(0, YEAR_3000_US), st.integers(0, 2**62 - 1))
def test_ids_are_version_7_and_sort_by_time(us: int, bits: int) -> None:
    parsed = uuid.UUID(uuid7(us, lambda _: bits))
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    assert parsed.int >> 80 == us // 1000
    assert uuid7(us, lambda _: bits) < uuid7(us + 1, lambda _: 0)


def test_the_same_seed_gives_the_same_ids() -> None:
    def make() -> list[str]:
        source = IdSource(FixedClock(5), Randomness(7).stream("ids").getrandbits)
        return [source.new() for _ in range(3)]

    assert make() == make()
    assert len(set(make())) == 3


def test_streams_of_chance_are_independent_of_each_other() -> None:
    one, two = Randomness(1).stream("a"), Randomness(1).stream("b")
    assert one.random() != two.random()
    assert Randomness(1).stream("a", 1).random() != Randomness(1).stream("a1").random()


@pytest.mark.parametrize("size", [16, 32, 64, 65, 200])
def test_tokens_carry_the_standard_hmac(size):
    key, payload = bytes(range(size)), b"what it says"
    for _ in range(2):
        token = Signer(key).sign(payload, "purpose")
        mac = hmac.digest(key, b"purpose\x00" + payload, "sha256")[:16]
        assert urlsafe_b64decode(token + "=" * (-len(token) % 4)) == mac + payload


@given(st.binary(max_size=60), st.randoms())
def test_tokens_hold_for_their_purpose_and_break_when_touched(
    payload: bytes, random: Random
) -> None:
    signer = Signer(b"k" * 32)
    token = signer.sign(payload, "click")
    assert signer.verify(token, "click") == payload
    for wrong in (token[:-2], token + "AA", "", "é", token.swapcase()):
        if wrong != token:
            with pytest.raises(NotFound):
                signer.verify(wrong, "click")
    with pytest.raises(NotFound):
        signer.verify(token, "view")


@given(st.binary(max_size=60), st.integers(0, 40), st.sampled_from("!=\n ."))
def test_a_token_has_one_spelling(payload: bytes, place: int, foreign: str) -> None:
    signer = Signer(b"k" * 32)
    token = signer.sign(payload, "click")
    spare = {token[:-1] + chr(ord(token[-1]) + 1), token[:-1] + chr(ord(token[-1]) - 1)}
    for wrong in {token[:place] + foreign + token[place:], token + "=" * 4, *spare}:
        with pytest.raises(NotFound):
            signer.verify(wrong, "click")


@pytest.mark.parametrize("code", sorted(set(errors.tree()) - {"caller_error"}))
def test_every_error_crosses_a_process_border_whole(code: str) -> None:
    kind = errors.tree()[code]
    error = kind.__new__(kind)
    errors.QueqiaoError.__init__(
        error,
        Message("细节", "detail"),
        fields=(FieldError("a.b", Message("错", "wrong")),),
        retry_after_s=3,
        reason="why",
    )
    back = from_wire(to_wire(error))
    assert type(back) is kind
    assert describe(back, "zh", "t") == describe(error, "zh", "t")
    assert back.retry_after_s == 3


def test_text_is_normal_bounded_and_storable() -> None:
    assert clean("é", "name", 5) == "é"
    for bad in ("a\x00", "\ud800", "xxxxxx"):
        with pytest.raises(InvalidInput):
            clean(bad, "name", 5)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("zh-CN,en;q=0.5", "zh"),
        ("fr, zh;q=0.8", "zh"),
        ("en-GB", "en"),
        (";;,", "en"),
    ],
)
def test_language(header: str | None, language: str) -> None:
    assert language_of(header) == language
