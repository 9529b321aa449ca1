"""What other rooms may know of recommendations."""

from typing import Literal

import msgspec

from queqiao.profile.contracts import Known

ARTIFACT = "recommend:items"
"""The name under which the trained model travels to the role that answers."""

ReasonKind = Literal["bought_together", "viewed_together", "popular"]


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why an item stands in the answer; ``sku`` is the item of the context that led to it."""

    kind: ReasonKind
    sku: str | None = None


class RecommendedItem(msgspec.Struct, frozen=True):
    """One item of an answer.

    ``score`` is relative: 1 is the best candidate of this answer. ``propensity`` is the chance
    with which this item was drawn for this place, given the items above it (in (0, 1]).
    """

    sku: str
    score: float
    reason: Reason
    propensity: float


class Recommendations(msgspec.Struct, frozen=True):
    """One answer. ``model`` names the model's content, or ``newest`` when none is trained yet.

    ``person`` says what is known of what the person did lately: ``known`` (goods just bought are
    left out; without a context, goods lately seen are it), ``unknown`` when there is nothing, and
    ``unavailable`` when it could not be read in time.
    """

    decision_id: str
    items: list[RecommendedItem]
    model: str
    person: Known
