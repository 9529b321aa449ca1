"""The answer: exclusions, reasons, fallbacks, and chances that are what they claim."""

from collections import Counter
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.decide.recommend import ranking
from queqiao.decide.recommend.contracts import Reason
from queqiao.decide.recommend.model import ItemModel, encode_model, load_model
from queqiao.decide.recommend.ranking import Candidate
from queqiao.decide.recommend.training import fit
from queqiao.kernel.randomness import Randomness

VIEWS = [["a", "b"], ["a", "b"], ["a", "c"]]
ORDERS = [["a", "d"], ["a", "d"]]
POPULAR = [("e", 9.0), ("a", 5.0), ("b", 1.0)]


@pytest.fixture(scope="module")
def model() -> ItemModel:
    return load_model(encode_model(fit(VIEWS, ORDERS, POPULAR)))


def test_what_was_bought_together_leads_and_says_why(model):
    found = ranking.candidates(model, ["a"], (), 3)
    assert [c.sku for c in found] == ["d", "b", "c"]
    assert found[0].reason == Reason("bought_together", "a")
    assert found[1].reason == Reason("viewed_together", "a")
    assert found[0].score == 1


def test_popular_items_fill_what_is_missing_below_the_related(model):
    found = ranking.candidates(model, ["a"], (), 4)
    assert [c.sku for c in found] == ["d", "b", "c", "e"]
    assert found[3].reason == Reason("popular")
    assert found[3].score <= ranking.POPULAR_SCORE_MAX


def test_an_unknown_context_gives_popular_items(model):
    found = ranking.candidates(model, ["never heard of"], (), 2)
    assert [c.sku for c in found] == ["e", "a", "b"]
    assert {c.reason.kind for c in found} == {"popular"}


@given(
    st.lists(st.sampled_from("abcdefx"), max_size=4),
    st.frozensets(st.sampled_from("abcdefx")),
    st.integers(1, 6),
    st.integers(),
)
def test_an_answer_holds_neither_excluded_nor_context_items_nor_twice_the_same(
    context, exclude, n, seed
):
    model = load_model(encode_model(fit(VIEWS, ORDERS, POPULAR)))
    found = ranking.candidates(model, context, exclude, n)
    answer = ranking.draw(found, n, Randomness(seed).stream("draw"))
    skus = [item.sku for item in answer]
    assert len(set(skus)) == len(skus) <= n
    assert not {*skus} & {*exclude}
    assert not {*skus} & {*context}
    assert all(0 < item.propensity <= 1 for item in answer)
    assert all(0 < item.score <= 1 for item in answer)


def test_the_chance_of_the_first_place_is_its_frequency():
    scores = {"a": 1.0, "b": 0.95, "c": 0.9, "d": 0.2}
    found = [Candidate(sku, score, Reason("popular")) for sku, score in scores.items()]
    total = sum(exp((score - 1) / ranking.TEMPERATURE) for score in scores.values())
    firsts, draws = Counter(), 4000
    for seed in range(draws):
        first = ranking.draw(found, 2, Randomness(seed).stream("draw"))[0]
        firsts[first.sku] += 1
        chance = exp((scores[first.sku] - 1) / ranking.TEMPERATURE) / total
        assert first.propensity == pytest.approx(chance)
    for sku in "abc":
        chance = exp((scores[sku] - 1) / ranking.TEMPERATURE) / total
        deviation = (chance * (1 - chance) / draws) ** 0.5
        assert abs(firsts[sku] / draws - chance) < 5 * deviation


def test_the_same_seed_repeats_the_draw(model):
    found = ranking.candidates(model, ["a"], (), 4)
    answers = {
        tuple(i.sku for i in ranking.draw(found, 4, Randomness("m").stream("recommend", "id-1")))
        for _ in range(3)
    }
    assert len(answers) == 1


def test_without_a_model_the_newest_answer(model):
    found = ranking.newest(["n1", "n2", "n3"], {"n1"})
    assert [c.sku for c in found] == ["n2", "n3"]


def test_equal_models_are_equal_bytes_and_have_one_name(model):
    again = load_model(encode_model(fit(VIEWS, ORDERS, POPULAR)))
    assert again.name == model.name
    assert model.name.startswith("items-")
