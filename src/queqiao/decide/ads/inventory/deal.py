"""The document of a deal: what an advertiser has agreed to buy beside the open auction."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from queqiao.decide.ads.contracts import Currency, Id, Minor, Name
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent

DealKind = Literal["guaranteed", "preferred", "private"]
PLACEMENTS_MAX = 100
ADVERTISERS_MAX = 100
DAYS_MAX = 366
IMPRESSIONS_MAX = 10**12

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-06-18"])]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class Deal(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An agreement under a deal id (the document's), which OpenRTB's ``pmp`` names too.

    ``guaranteed``: a booked ``campaign`` gets ``impressions`` in ``placements`` from ``from_day``
    to ``to_day`` (business days, both included) at ``cpm_minor`` for a thousand; of several the
    lower ``priority`` is asked first. ``preferred`` and ``private``: campaigns of ``advertisers``
    may bid from ``cpm_minor`` for a thousand on; without ``placements`` everywhere.
    ``overbooking_reason`` books more than is free: then another person has to allow it.
    """

    name: Name
    kind: DealKind
    currency: Currency
    cpm_minor: Minor
    placements: Annotated[list[Id], Meta(max_length=PLACEMENTS_MAX)] = []
    advertisers: Annotated[list[Id], Meta(max_length=ADVERTISERS_MAX)] = []
    campaign: Id | None = None
    from_day: Day | None = None
    to_day: Day | None = None
    impressions: Annotated[int, Meta(ge=1, le=IMPRESSIONS_MAX)] | None = None
    priority: Annotated[int, Meta(ge=1, le=10)] = 5
    overbooking_reason: Reason | None = None


def check_deal(deal: Deal) -> None:
    """Raise InvalidInput with every wrong field at once."""
    wrong = list(_currency(deal.currency))
    wrong += _guaranteed(deal) if deal.kind == "guaranteed" else _open(deal)
    wrong += _days(deal)
    seen: set[str] = set()
    for at, placement in enumerate(deal.placements):
        if placement in seen:
            wrong.append(FieldError(f"placements[{at}]", _TWICE))
        seen.add(placement)
    if wrong:
        raise InvalidInput(*wrong)


def _currency(currency: str) -> tuple[FieldError, ...]:
    try:
        exponent(currency)
    except InvalidInput as error:
        return error.fields
    return ()


def _guaranteed(deal: Deal) -> list[FieldError]:
    needed = ("campaign", "from_day", "to_day", "impressions", "placements")
    wrong = [FieldError(name, _NEEDED) for name in needed if not getattr(deal, name)]
    return wrong + ([FieldError("advertisers", _BY_CAMPAIGN)] if deal.advertisers else [])


def _open(deal: Deal) -> list[FieldError]:
    only = ("campaign", "impressions", "overbooking_reason")
    return [FieldError(name, _GUARANTEED_ONLY) for name in only if getattr(deal, name) is not None]


def _days(deal: Deal) -> list[FieldError]:
    wrong = []
    for name in ("from_day", "to_day"):
        said = getattr(deal, name)
        if said is not None and not _is_day(said):
            wrong.append(FieldError(name, _NO_DAY))
    if wrong or deal.from_day is None or deal.to_day is None:
        return wrong
    if deal.to_day < deal.from_day:
        return [FieldError("to_day", _ENDS_BEFORE)]
    length = (date.fromisoformat(deal.to_day) - date.fromisoformat(deal.from_day)).days + 1
    return [FieldError("to_day", _TOO_LONG)] if length > DAYS_MAX else []


def _is_day(said: str) -> bool:
    try:
        date.fromisoformat(said)
    except ValueError:
        return False
    return True


_TWICE = Message("有重复，请删去其一", "stands twice; remove one")
_NEEDED = Message("保量合约须填写", "must be given for a guaranteed deal")
_BY_CAMPAIGN = Message(
    "保量合约由 campaign 指定计划，请删去", "a guaranteed deal names its campaign; leave this out"
)
_GUARANTEED_ONLY = Message(
    "只用于保量合约，请删去", "goes with guaranteed deals only; leave it out"
)
_NO_DAY = Message("须为存在的日期，例如 2026-06-18", "must be a day such as 2026-06-18")
_ENDS_BEFORE = Message("不能早于 from_day", "must not be before from_day")
_TOO_LONG = Message(
    f"最长 {DAYS_MAX} 天；请分成几份合约", f"at most {DAYS_MAX} days; make several deals"
)

DEAL = DocumentKind("deal", "deals", Deal, check_deal)
