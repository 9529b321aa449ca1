"""What every keyring promises."""

from secrets import token_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.ports.keyring.base import UnsealableError, is_sealed
from queqiao.ports.keyring.local_key import LocalKey

KEYRING = LocalKey(b"k" * 32, token_bytes)
PLACE = "webhook/erp/secret"


@given(st.text(), st.text())
def test_what_was_sealed_opens_in_its_place(text, place):
    sealed = KEYRING.seal(text, place)
    assert is_sealed(sealed)
    assert sealed.isascii()
    assert KEYRING.open(sealed, place) == text


def test_sealing_twice_gives_two_texts_and_neither_holds_the_secret():
    one, two = (KEYRING.seal("whsec_secret", PLACE) for _ in range(2))
    assert one != two
    assert "secret" not in one


def test_another_place_another_key_or_a_change_does_not_open():
    sealed = KEYRING.seal("whsec_secret", PLACE)
    flipped = sealed[:-8] + ("A" if sealed[-8] != "A" else "B") + sealed[-7:]
    for keyring, text, place in (
        (KEYRING, sealed, "webhook/other/secret"),
        (LocalKey(b"x" * 32, token_bytes), sealed, PLACE),
        (KEYRING, flipped, PLACE),
        (KEYRING, sealed[:-4], PLACE),
        (KEYRING, "sealed:1:", PLACE),
        (KEYRING, "sealed:1:§", PLACE),
        (KEYRING, "sealed:9:" + sealed[9:], PLACE),
        (KEYRING, "whsec_secret", PLACE),
    ):
        with pytest.raises(UnsealableError):
            keyring.open(text, place)
