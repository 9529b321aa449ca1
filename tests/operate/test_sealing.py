"""Hidden fields are sealed for their document; what only looks sealed is refused."""

from secrets import token_bytes

import msgspec
import pytest

from queqiao.kernel.errors import InvalidInput
from queqiao.operate.contracts import Handling
from queqiao.operate.sealing import place_of, sealed
from queqiao.ports.keyring.base import is_sealed
from queqiao.ports.keyring.local_key import LocalKey


class Paper(msgspec.Struct):
    name: str
    secret: str


KEYRING = LocalKey(b"k" * 32, token_bytes)
HANDLING = Handling(hidden=("secret",), keyring=KEYRING)


def test_a_secret_is_sealed_for_its_own_document():
    stored = sealed(HANDLING, "paper", "p1", Paper("n", "s"))
    assert is_sealed(stored.secret)
    assert KEYRING.open(stored.secret, place_of("paper", "p1", "secret")) == "s"


def test_what_is_kept_or_sent_again_stays_and_what_is_new_is_sealed_anew():
    before = sealed(HANDLING, "paper", "p1", Paper("n", "s"))
    for text, stays in ((before.secret, True), ("s", True), ("t", False)):
        after = sealed(HANDLING, "paper", "p1", Paper("m", text), before)
        assert (after.secret == before.secret) is stays
        assert after.name == "m"


def test_a_text_that_only_looks_sealed_is_refused():
    before = sealed(HANDLING, "paper", "p1", Paper("n", "s"))
    for known in (None, before):
        with pytest.raises(InvalidInput):
            sealed(HANDLING, "paper", "p1", Paper("n", "sealed:1:AAAA"), known)


def test_without_a_keyring_nothing_changes():
    paper = Paper("n", "s")
    assert sealed(Handling(hidden=("secret",)), "paper", "p1", paper) is paper
