"""Codes by a keyed permutation: unique, readable back, hopeless to guess, read by equal work."""

from random import Random

import pytest

from queqiao.decide.promotions.coupons.code_book import CodeBook, compile_batch
from queqiao.decide.promotions.coupons.codes import ALPHABET, LENGTH, ROUNDS, CodeMaker, CodeSpace
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument

SECRET = b"the coupon key of the test, long"
SPACE = CodeSpace(SECRET, "coupon")


def maker(count=150_000, batch="b1", prefix="new-", space=SPACE):
    return CodeMaker(space, batch, prefix, count)


def printed(made, first=0, end=10**9):
    return b"".join(made.lines(first, end)).decode().split()


def book(**batches):
    """Return the book of batches, each a document's fields by its id."""
    compiled = [
        compile_batch(name, CouponBatchDocument(name=name, **fields), SECRET)
        for name, fields in batches.items()
    ]
    return CodeBook(compiled, SECRET)


def test_all_codes_differ_and_read_back():
    made = maker()
    codes = printed(made)
    assert len(set(codes)) == made.count
    sample = Random(1).sample(range(made.count), 300)
    assert [made.code(number) for number in sample] == [codes[number] for number in sample]
    read = [SPACE.read(codes[number][-LENGTH:]) for number in sample]
    assert read == [(made.tag, number) for number in sample]
    assert all(code.startswith("NEW-") for code in codes)


def test_a_code_never_changes():
    """Codes are on paper: whoever changes the cipher takes them away."""
    assert maker().code(0) == "NEW-2B9THFW7E2SM"
    assert maker().code(149_999) == "NEW-XNDDJ8W9CB38"


def test_a_part_is_the_same_as_in_the_whole():
    made = maker()
    assert printed(made, 65_530, 65_540) == printed(made)[65_530:65_540]
    assert printed(made, 149_998) == [made.code(149_998), made.code(149_999)]


def test_letters_that_look_like_digits_read_as_them():
    code = next(code for code in printed(maker(9_000)) if "0" in code[4:] and "1" in code[4:])
    found = book(b1={"prefix": "new-", "count": 9_000}).find(
        code[:4] + code[4:].replace("0", "O").replace("1", "L")
    )
    assert found.batch.id == "b1"
    assert found.code == found.batch.code(found.number) == code


def test_other_keys_batches_purposes_and_guesses_are_refused():
    random, known = Random(2), book(b1={"prefix": "new-", "count": 10_000_000})
    others = [
        maker(1_000, "b2"),
        maker(1_000, space=CodeSpace(b"x" * 32, "coupon")),
        maker(1_000, space=CodeSpace(SECRET, "card")),
        maker(1_000, prefix="old-"),
    ]
    assert not any(known.find(code) for other in others for code in printed(other))
    guesses = ("NEW-" + "".join(random.choices(ALPHABET, k=LENGTH)) for _ in range(3_000))
    assert not any(known.find(guess) for guess in guesses)
    assert known.find(maker().code(7)).number == 7


def test_the_chance_of_a_guess_is_below_one_in_ten_million():
    assert 10_000_000 / 32**LENGTH < 1e-10
    assert 1_000 * 100_000_000 / 32**LENGTH < 1e-7


@pytest.mark.parametrize("wrong", ["", "NEW-", "NEW-ABC", "NEW-" + "U" * 12, "新" * 16, "X" * 40])
def test_what_is_no_code_is_none(wrong):
    assert book(b1={"prefix": "new-", "count": 100}).find(wrong) is None


def test_a_smaller_count_refuses_the_numbers_above_it():
    code = maker(1_000).code(999)
    assert book(b1={"prefix": "new-", "count": 999}).find(code) is None
    assert book(b1={"prefix": "new-", "count": 2_000}).find(code).number == 999


def test_any_text_is_read_by_the_same_work(monkeypatch):
    """Counted, not timed: as many blocks of the cipher for a guess as for a code."""
    known = book(
        a={"prefix": "new-", "count": 50},
        c={"codes": ("SAVE10",)},
        d={"prefix": "new-", "count": 9},
    )
    blocks = []
    aes = known._space._aes
    monkeypatch.setattr(known._space, "_aes", lambda block: (blocks.append(1), aes(block))[1])
    made = maker(50, "a")
    for text in (
        made.code(3),
        "SAVE10",
        "",
        "GUESS",
        "NEW-" + "7" * 12,
        "OLD-" + "7" * 12,
        "新" * 9,
    ):
        blocks.clear()
        known.find(text)
        assert len(blocks) == ROUNDS
