"""Codes by a keyed permutation: unique, readable back, hopeless to guess."""

from random import Random

import numpy as np
import pytest

from queqiao.decide.promotions.coupons.codes import ALPHABET, LENGTH, CodeMaker, _siphash
from queqiao.decide.promotions.coupons.endpoints import codes_of
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument

SECRET = b"the coupon key of the test, long"


def maker(count=50_000, batch="b1", prefix="new-"):
    return CodeMaker(SECRET, batch, prefix, count)


def test_siphash_gives_the_published_vector():
    key = bytes(range(16))
    halves = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    word = int.from_bytes(bytes(range(8)), "little")
    assert _siphash(word, halves) == 0x93F5F5799A932462
    assert int(_siphash(np.array([word], dtype=np.uint64), halves)[0]) == 0x93F5F5799A932462


def test_all_codes_differ_and_read_back():
    made = maker()
    codes = [code for block in made.codes(0, made.count) for code in block]
    assert len(set(codes)) == made.count
    sample = Random(1).sample(range(made.count), 300)
    assert [made.code(number) for number in sample] == [codes[number] for number in sample]
    assert [made.number(codes[number]) for number in sample] == sample
    assert all(code.startswith("NEW-") for code in codes)


def test_letters_that_look_like_digits_read_as_them():
    made = maker()
    code = next(code for block in made.codes(0, 9_000) for code in block if "0" in code[4:])
    assert made.number(code[:4] + code[4:].replace("0", "O").replace("1", "I")) is not None


def test_other_keys_batches_and_guesses_are_refused():
    made, random = maker(10_000_000), Random(2)
    others = [CodeMaker(SECRET, "b2", "new-", 1_000), CodeMaker(b"x" * 32, "b1", "new-", 1_000)]
    assert all(made.number(other.code(n)) is None for other in others for n in range(300))
    guesses = ("NEW-" + "".join(random.choices(ALPHABET, k=LENGTH)) for _ in range(3_000))
    assert not any(made.number(guess) for guess in guesses)


@pytest.mark.parametrize("wrong", ["", "NEW-", "NEW-ABC", "NEW-" + "U" * 10, "新" * 14, "X" * 40])
def test_what_is_no_code_is_none(wrong):
    assert maker().number(wrong) is None


def test_a_smaller_count_refuses_the_numbers_above_it():
    code = maker(1_000).code(999)
    assert maker(999).number(code) is None
    assert maker(2_000).number(code) == 999


@pytest.mark.parametrize("first", [0, 3, 30])
def test_printed_codes_are_those_of_the_batch(first):
    document = CouponBatchDocument(name="b", prefix="p", count=20)
    lines = "".join(codes_of("b1", document, SECRET, first)).split()
    assert lines == [CodeMaker(SECRET, "b1", "p", 20).code(n) for n in range(first, 20)]
    listed = CouponBatchDocument(name="b", codes=("one", "TWO"))
    assert "".join(codes_of("b1", listed, SECRET)).split() == ["ONE", "TWO"]
