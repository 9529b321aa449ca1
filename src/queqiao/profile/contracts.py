"""What other rooms may know of shoppers: the segment document, and who is in which segment."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.text import clean
from queqiao.profile.buyers import Bought, Buyer
from queqiao.profile.expression import parse
from queqiao.profile.live import FAMILIES as LIVE_FAMILIES
from queqiao.profile.live import Recent
from queqiao.profile.live_reader import UNKNOWN, Known, LiveReader, Told
from queqiao.profile.live_rows import LiveRows
from queqiao.profile.live_state import Trust

__all__ = [
    "ARTIFACT_PREFIX",
    "LIVE_FAMILIES",
    "SEGMENT",
    "UNKNOWN",
    "Bought",
    "Buyer",
    "Known",
    "LiveReader",
    "LiveRows",
    "Memberships",
    "Recent",
    "SegmentArtifact",
    "SegmentDocument",
    "SegmentMembers",
    "Told",
    "Trust",
    "check_segment",
    "default_segments",
    "load_members",
]

ARTIFACT_PREFIX = "segment:"
"""``segment:{id}`` is the artifact that holds a segment's members."""

NAME_MAX = 100
DESCRIPTION_MAX = 1000
_NOBODY: frozenset[str] = frozenset()


class SegmentDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A group of shoppers. ``expression`` follows the grammar of ``profile/expression.py``."""

    name: str
    expression: dict[str, Any]
    description: str = ""


class SegmentArtifact(msgspec.Struct, frozen=True):
    """The members of one segment, sorted. ``revision`` is that of the document they follow.

    ``ad_members`` are those of whom ads may know it: the same expression over what a person lets
    advertise too. None where they are the members; nobody in an artifact that does not say.
    """

    segment_id: str
    revision: int
    members: list[str]
    ad_members: list[str] | None = []


def check_segment(document: SegmentDocument) -> None:
    """Raise InvalidInput for what the type alone cannot say."""
    if not clean(document.name, "name", NAME_MAX).strip():
        raise InvalidInput(FieldError("name", Message("请填写名称", "a name is needed")))
    clean(document.description, "description", DESCRIPTION_MAX)
    parse(document.expression)


SEGMENT = DocumentKind(name="segment", path="segments", type=SegmentDocument, check=check_segment)


class SegmentMembers:
    """Who is in which live segment. Immutable: decide swaps it whole when an artifact changes."""

    def __init__(self, members: Mapping[str, Iterable[str]]) -> None:
        found: dict[str, set[str]] = {}
        for segment_id, people in members.items():
            for person in people:
                found.setdefault(person, set()).add(segment_id)
        # Few combinations, many people: each combination is kept once.
        shared: dict[frozenset[str], frozenset[str]] = {}
        frozen = ((person, frozenset(ids)) for person, ids in found.items())
        self._segments = {person: shared.setdefault(ids, ids) for person, ids in frozen}

    def segments_of(self, person_id: str) -> frozenset[str]:
        """Return the ids of the person's segments; empty for an unknown person."""
        return self._segments.get(person_id, _NOBODY)

    def __len__(self) -> int:
        return len(self._segments)


class Memberships(NamedTuple):
    """Who is in which segment: as prices and recommendations may ask, and as ads may."""

    personal: SegmentMembers
    ads: SegmentMembers


def load_members(artifacts: Iterable[bytes]) -> Memberships:
    """Return the look-ups from the bodies of all ``segment:`` artifacts."""
    decoded = [msgspec.msgpack.decode(body, type=SegmentArtifact) for body in artifacts]
    personal = SegmentMembers({each.segment_id: each.members for each in decoded})
    if all(each.ad_members is None for each in decoded):
        return Memberships(personal, personal)
    ads = {
        each.segment_id: each.members if each.ad_members is None else each.ad_members
        for each in decoded
    }
    return Memberships(personal, SegmentMembers(ads))


def default_segments() -> dict[str, SegmentDocument]:
    """Return the segments that the product ships, by id."""
    return {
        "high-value-at-risk": SegmentDocument(
            name="高价值沉睡客",
            description="下过至少两单、累计消费满 500 元，但两周没有来过：值得用一张券请回来。",
            expression={
                "all": [
                    {"field": "orders", "op": ">=", "value": 2},
                    {"field": "spent_minor", "op": ">=", "value": 50_000},
                    {"field": "recency_days", "op": ">=", "value": 14},
                ]
            },
        ),
        "new-visitors": SegmentDocument(
            name="新访客",
            description="一周内第一次到访，还没有下过单：适合新人券。",
            expression={
                "all": [
                    {"field": "first_seen_days", "op": "<=", "value": 7},
                    {"field": "orders", "op": "=", "value": 0},
                ]
            },
        ),
    }
