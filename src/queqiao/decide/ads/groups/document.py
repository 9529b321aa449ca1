"""The documents of ad groups and of creatives that stand by themselves."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from queqiao.decide.ads import checks
from queqiao.decide.ads.auction import Pricing
from queqiao.decide.ads.caps.document import CAPS_MAX, Cap, check_caps
from queqiao.decide.ads.contracts import (
    CREATIVES_MAX,
    PLACEMENTS_OF_A_CAMPAIGN_MAX,
    Creative,
    Hours,
    Id,
    Minor,
    Moment,
    Name,
    QualityPercent,
    Targeting,
    check_creative,
)
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput


class AdGroup(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way in which a campaign is shown: where, to whom, with which creatives, for which bid.

    ``campaign`` and ``creatives`` are ids of documents. The campaign's budget, advertiser and
    currency are its own; targeting, hours, times and caps of the campaign hold beside the group's.
    """

    name: Name
    campaign: Id
    placements: Annotated[list[Id], Meta(min_length=1, max_length=PLACEMENTS_OF_A_CAMPAIGN_MAX)]
    bid_minor: Minor
    creatives: Annotated[list[Id], Meta(min_length=1, max_length=CREATIVES_MAX)]
    pricing: Pricing = "cpc"
    targeting: Targeting = Targeting()
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    hours: Hours = []
    caps: Annotated[list[Cap], Meta(max_length=CAPS_MAX)] = []
    quality_percent: QualityPercent | None = None


def _creative_fields() -> list[tuple[str, Any] | tuple[str, Any, Any]]:
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [("name", Name)]
    for each in msgspec.structs.fields(Creative):
        if each.name == "id":
            continue
        if each.required:
            fields.append((each.name, each.type))
        elif each.default_factory is not msgspec.NODEFAULT:
            fields.append(
                (each.name, each.type, msgspec.field(default_factory=each.default_factory))
            )
        else:
            fields.append((each.name, each.type, each.default))
    return fields


CreativeDocument = msgspec.defstruct(
    "CreativeDocument",
    _creative_fields(),
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    module=__name__,
    namespace={"__doc__": "A creative that several ad groups may show; its id is the document's."},
)
"""The fields of a campaign's own creatives, with a name instead of the id."""


def creative_of(document_id: str, document: Any) -> Creative:
    """Return a creative as campaigns hold it."""
    names = (name for name in Creative.__struct_fields__ if name != "id")
    return Creative(document_id, **{name: getattr(document, name) for name in names})


def check_ad_group(group: AdGroup) -> None:
    """Raise InvalidInput with every wrong field at once."""
    wrong: list[FieldError] = []
    wrong += checks.window(group.starts_at, group.ends_at)
    wrong += checks.hours(group.hours)
    wrong += check_caps(group.caps)
    wrong += checks.expression(group.targeting.expression)
    wrong += checks.unique("placements", group.placements)
    wrong += checks.unique("creatives", group.creatives)
    if wrong:
        raise InvalidInput(*wrong)


def check_creative_document(document: Any) -> None:
    """Raise InvalidInput with every wrong field at once."""
    wrong = check_creative(document)
    if wrong:
        raise InvalidInput(*wrong)


AD_GROUP = DocumentKind("ad_group", "ad-groups", AdGroup, check_ad_group)
CREATIVE = DocumentKind("creative", "creatives", CreativeDocument, check_creative_document)
KINDS = (AD_GROUP, CREATIVE)
