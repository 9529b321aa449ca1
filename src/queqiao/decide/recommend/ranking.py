"""From a context to a ranked answer: candidates, scores, one draw with known chances.

Candidates are the neighbours of the context's items; a pair bought together counts
``BOUGHT_WEIGHT`` times one viewed together; scores of several context items add up. When they are
fewer than asked for, popular items follow below them.

The order is drawn from the Plackett–Luce model (Plackett, "The Analysis of Permutations", 1975):
place after place, an item is drawn among those left with a chance proportional to
``exp(score / TEMPERATURE)``. The chance at its place is the item's propensity, which later lets
the log be evaluated off-policy. The draw comes from a seed that is logged, so it can be repeated.
"""

from collections.abc import Collection, Iterable, Sequence
from math import exp, log
from random import Random
from typing import NamedTuple

from queqiao.decide.recommend.contracts import Reason, ReasonKind, RecommendedItem
from queqiao.decide.recommend.model import ItemModel

BOUGHT_WEIGHT = 2.0
TEMPERATURE = 0.05
"""At .05 an item whose score is .1 lower is drawn first about once in eight times."""

POPULAR_SCORE_MAX = 0.2
"""Score of the most popular item where candidates of the context stand above it."""

CANDIDATES_PER_PLACE = 3


class Candidate(NamedTuple):
    """An item that may be drawn; ``score`` in (0, 1]."""

    sku: str
    score: float
    reason: Reason


def candidates(
    model: ItemModel, context: Iterable[str], exclude: Collection[str], n: int
) -> list[Candidate]:
    """Return up to ``CANDIDATES_PER_PLACE`` · n candidates, best first.

    Items of the context and of ``exclude`` are left out.
    """
    seen = [sku for sku in dict.fromkeys(context) if sku in model.index]
    out = {*exclude, *seen}
    related = _related(model, seen, out)[: n * CANDIDATES_PER_PLACE]
    if len(related) >= n:
        return related
    return related + _popular(model, out.union(c.sku for c in related), n, alone=not related)


def newest(skus: Sequence[str], exclude: Collection[str]) -> list[Candidate]:
    """Return candidates without a model: the given items, the first best, as popular ones."""
    kept = [sku for sku in skus if sku not in exclude]
    return [Candidate(sku, 1 / (1 + at), Reason("popular")) for at, sku in enumerate(kept)]


def draw(found: Sequence[Candidate], n: int, chance: Random) -> list[RecommendedItem]:
    """Return n of the candidates in a drawn order, each with its propensity.

    Gumbel noise added to the logarithms of the weights and sorted is a Plackett–Luce draw.
    """
    keys = [c.score / TEMPERATURE - log(-log(chance.uniform(1e-12, 1 - 1e-12))) for c in found]
    order = sorted(range(len(found)), key=keys.__getitem__, reverse=True)
    weights = [exp((c.score - 1) / TEMPERATURE) for c in found]
    behind = _sums_from_the_end([weights[at] for at in order])
    return [
        RecommendedItem(
            found[at].sku, round(found[at].score, 6), found[at].reason, weights[at] / behind[place]
        )
        for place, at in enumerate(order[:n])
    ]


def _sums_from_the_end(weights: Sequence[float]) -> list[float]:
    """Return, for each place, the weight of the items not yet drawn; small ones are added first."""
    sums: list[float] = []
    total = 0.0
    for weight in reversed(weights):
        total += weight
        sums.append(total)
    return sums[::-1]


def _related(model: ItemModel, seen: Sequence[str], out: Collection[str]) -> list[Candidate]:
    totals: dict[int, float] = {}
    strongest: dict[int, tuple[float, ReasonKind, str]] = {}
    for sku in seen:
        for item, score, kind in _neighbours(model, sku):
            totals[item] = totals.get(item, 0.0) + score
            strongest[item] = max(strongest.get(item, (0.0, kind, sku)), (score, kind, sku))
    ranked = sorted(totals, key=lambda item: (-totals[item], item))
    kept = [item for item in ranked if model.skus[item] not in out]
    best = totals[kept[0]] if kept else 1.0
    return [
        Candidate(model.skus[item], totals[item] / best, Reason(*strongest[item][1:]))
        for item in kept
    ]


def _neighbours(model: ItemModel, sku: str) -> Iterable[tuple[int, float, ReasonKind]]:
    item = model.index[sku]
    for neighbour, score in zip(*model.bought.of(item), strict=True):
        yield neighbour, BOUGHT_WEIGHT * score, "bought_together"
    for neighbour, score in zip(*model.viewed.of(item), strict=True):
        yield neighbour, score, "viewed_together"


def _popular(model: ItemModel, out: Collection[str], n: int, *, alone: bool) -> list[Candidate]:
    ceiling = 1.0 if alone else POPULAR_SCORE_MAX
    found: list[Candidate] = []
    for item, score in model.popular:
        if model.skus[item] not in out:
            found.append(Candidate(model.skus[item], ceiling * score, Reason("popular")))
        if len(found) == n * CANDIDATES_PER_PLACE:
            break
    return found
