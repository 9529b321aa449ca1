"""The questions that an expression asks: one type each, and what it means.

A question about an attribute that is not known is answered no, whatever it asks (``none_of`` too);
only ``Exists`` with false is answered yes. ``not`` around it turns the answer round.

An index reads a question as *needs* and *bars*: of each need one predicate has to be true, and no
bar may be. A predicate is a fact (``situation.Fact``) or one of the kinds below.
"""

from typing import Any, NamedTuple

from msgspec import Struct

from queqiao.decide.ads.targeting.geography import Area
from queqiao.decide.ads.targeting.situation import Fact, Scalar, Situation
from queqiao.decide.ads.targeting.times import Span
from queqiao.decide.ads.targeting.words import Words, stands_in


class Within(NamedTuple):
    """A number of an attribute lies between two, both included."""

    field: str
    low: float
    high: float


class Inside(NamedTuple):
    """The place of an attribute lies in an area."""

    field: str
    area: Area


Predicate = Fact | Within | Inside | Span
"""Facts beside ``v`` and ``k``: ``("u", field, name)`` a value lies under the name, ``("x", field,
words)`` a text is these words, ``("p", field, words)`` they stand in a text."""


class Lowered(NamedTuple):
    """A question as an index reads it. Where it is not ``sure``, it says yes too often."""

    needs: tuple[tuple[Predicate, ...], ...] = ()
    bars: tuple[Predicate, ...] = ()
    sure: bool = True


class _Asked(Struct, frozen=True):
    """What every question has: ``path`` is where it stands in the expression.

    Each says by ``holds`` whether the answer is yes, and by ``lowered`` which needs and bars mean
    the same.
    """

    path: str
    field: str


class OneOf(_Asked, frozen=True):
    """Any value of the attribute is among ``values`` (``=``, ``in``, ``one_of``)."""

    values: frozenset[Scalar]

    def holds(self, situation: Situation) -> bool:
        """Say whether any value is among them."""
        return not self.values.isdisjoint(situation.values.get(self.field, ()))

    def lowered(self) -> Lowered:
        """One need: any of the values."""
        return Lowered((_facts(self.field, self.values),))


class NoneOf(_Asked, frozen=True):
    """It is known, and no value is among ``values`` (``!=``, ``not_in``, ``none_of``)."""

    values: frozenset[Scalar]

    def holds(self, situation: Situation) -> bool:
        """Say whether it is known and holds none of them."""
        known = situation.values.get(self.field)
        return known is not None and self.values.isdisjoint(known)

    def lowered(self) -> Lowered:
        """It must be known, and every value bars."""
        return Lowered(((("k", self.field),),), _facts(self.field, self.values))


class AllOf(_Asked, frozen=True):
    """Each of ``values`` is a value of the attribute."""

    values: frozenset[Scalar]

    def holds(self, situation: Situation) -> bool:
        """Say whether all are there."""
        return self.values.issubset(situation.values.get(self.field, ()))

    def lowered(self) -> Lowered:
        """Each value is a need."""
        return Lowered(tuple((fact,) for fact in _facts(self.field, self.values)))


class Between(_Asked, frozen=True):
    """Any number of the attribute lies between ``low`` and ``high``, both included.

    Greater than ``n`` is from the next larger double on: numbers are compared as doubles.
    """

    low: float
    high: float

    def holds(self, situation: Situation) -> bool:
        """Say whether any number lies between."""
        return any(self.low <= number <= self.high for number in situation.numbers(self.field))

    def lowered(self) -> Lowered:
        """One need: the range."""
        return Lowered(((Within(self.field, self.low, self.high),),))


class Exists(_Asked, frozen=True):
    """The attribute is known, or (``wanted`` false) it is not."""

    wanted: bool

    def holds(self, situation: Situation) -> bool:
        """Say whether it is known as wanted."""
        return (self.field in situation.values) == self.wanted

    def lowered(self) -> Lowered:
        """Being known is a need or a bar."""
        known: Fact = ("k", self.field)
        return Lowered(((known,),)) if self.wanted else Lowered((), (known,))


class Under(_Asked, frozen=True):
    """Any text of the attribute is one of ``names``, or goes on from one with ``/`` or ``-``."""

    names: frozenset[str]

    def holds(self, situation: Situation) -> bool:
        """Say whether any lies under them."""
        return not self.names.isdisjoint(situation.lineage(self.field))

    def lowered(self) -> Lowered:
        """One need: any of the names."""
        return Lowered((tuple(("u", self.field, name) for name in sorted(self.names)),))


class InArea(_Asked, frozen=True):
    """The place lies in the area, its edge included."""

    area: Area

    def holds(self, situation: Situation) -> bool:
        """Say whether the place is known and lies inside."""
        point = situation.points.get(self.field)
        return point is not None and self.area.holds(point)

    def lowered(self) -> Lowered:
        """One need: the area."""
        return Lowered(((Inside(self.field, self.area),),))


class InTime(_Asked, frozen=True):
    """The moment lies in any of the spans, all of one time zone."""

    spans: tuple[Span, ...]

    def holds(self, situation: Situation) -> bool:
        """Say whether it is such a time."""
        return any(span.holds(situation.moment(span.zone)) for span in self.spans)

    def lowered(self) -> Lowered:
        """One need: any of the spans."""
        return Lowered((self.spans,))


class Exact(_Asked, frozen=True):
    """Any text of the attribute has exactly the words of one of the keywords."""

    keywords: tuple[Words, ...]

    def holds(self, situation: Situation) -> bool:
        """Say whether any text is a keyword."""
        return any(text in self.keywords for text in situation.texts(self.field))

    def lowered(self) -> Lowered:
        """One need: any of the keywords."""
        return Lowered((tuple(("x", self.field, keyword) for keyword in self.keywords),))


class Phrase(_Asked, frozen=True):
    """In any text of the attribute the words of one of the keywords stand together, in order."""

    keywords: tuple[Words, ...]

    def holds(self, situation: Situation) -> bool:
        """Say whether any keyword stands in a text."""
        texts = situation.texts(self.field)
        return any(stands_in(keyword, text) for text in texts for keyword in self.keywords)

    def lowered(self) -> Lowered:
        """One need: any of the keywords."""
        return Lowered((tuple(("p", self.field, keyword) for keyword in self.keywords),))


class Below(_Asked, frozen=True):
    """A counter of frequency is known and was counted less often than ``limit``."""

    counter: str
    limit: int

    def holds(self, situation: Situation) -> bool:
        """Say whether it may be counted once more."""
        count = situation.counted(self.counter)
        return count is not None and count < self.limit

    def lowered(self) -> Lowered:
        """Counters are asked last, of those that everything else lets through."""
        return Lowered(sure=False)


Question = (
    OneOf | NoneOf | AllOf | Between | Exists | Under | InArea | InTime | Exact | Phrase | Below
)
"""One question about one attribute."""


def seen(question: Question, situation: Situation) -> Any:
    """Return what a question sees: the values, the place, the time of day or the count."""
    if isinstance(question, InTime):
        return situation.moment(question.spans[0].zone)
    if isinstance(question, InArea):
        return situation.points.get(question.field)
    if isinstance(question, Below):
        return situation.counted(question.counter)
    return situation.values.get(question.field)


def _facts(field: str, values: frozenset[Scalar]) -> tuple[Fact, ...]:
    return tuple(("v", field, value) for value in sorted(values, key=repr))
