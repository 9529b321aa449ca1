"""What is wrong with ``ext.prebid``, named by path as Prebid Server names it."""

from collections.abc import Collection, Iterable

from queqiao.decide.ads.openrtb.exchange.check_floors import check_floors
from queqiao.decide.ads.openrtb.exchange.granularity import check_granularity
from queqiao.decide.ads.openrtb.exchange.prebid import (
    MediaFactors,
    MultiBid,
    RequestPrebid,
    TargetingAsked,
)
from queqiao.decide.ads.openrtb.faults import EMPTY, MISSING, Faults
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.kernel.errors import Message

BIDS_MAX = 9
"""The most that ``multibid`` passes on of one bidder for one impression; Prebid's bound."""

BIDDER_NAME_MAX = 64

SEATS_MAX = 50
"""So many names of bidders a request may have, aliases too: each of them is a call."""

_NO_BIDDER = Message(
    "须至少有一个竞价方",
    "must be an object with at least one bidder; each is a name and its parameters",
)
_LONG = Message(
    f"竞价方的名字最多 {BIDDER_NAME_MAX} 个字符",
    f"a bidder's name has at most {BIDDER_NAME_MAX} characters",
)
_SEATS = Message(
    f"一次请求最多 {SEATS_MAX} 个竞价方", f"a request has at most {SEATS_MAX} bidders in all"
)
_UNKNOWN_ALIAS = Message(
    "别名所指的竞价方不存在，或是竞价方自己的名字",
    "refers to an unknown bidder, or is a bidder's own name",
)
_NEITHER = Message(
    "includewinners 与 includebidderkeys 至少要有一个为 true",
    "at least one of includewinners and includebidderkeys must be true",
)
_MAXBIDS = Message(f"须在 1 与 {BIDS_MAX} 之间", f"must be from 1 to {BIDS_MAX}")
_TWICE = Message("同一竞价方出现两次", "names a bidder for the second time")
FACTOR_MAX, RATE_MAX = 100, 1e9
_FACTOR = Message(f"须大于 0，最多 {FACTOR_MAX}", f"must be above 0 and at most {FACTOR_MAX}")
_RATE = Message("须大于 0，最多 10^9", "must be above 0 and at most 10^9")
_TRUNCATE = Message("须在 0 与 255 之间", "must be from 0 to 255")
TRUNCATE_MAX = 255


def check_prebid(
    faults: Faults, request: BidRequest, prebid: RequestPrebid, known: Collection[str]
) -> None:
    """Note everything that is wrong; ``known`` are the names of bidders that there are."""
    at = "request.ext.prebid"
    for alias, name in (prebid.aliases or {}).items():
        if name not in known or alias in known or not 0 < len(alias) <= BIDDER_NAME_MAX:
            faults.add(f"{at}.aliases.{_plain(alias)}", _UNKNOWN_ALIAS)
    seats: set[str] = set()
    for number, imp in enumerate(request.imp or ()):
        path = f"request.imp[{number}].ext.prebid.bidder"
        named = (
            imp.ext.prebid.bidder if imp.ext is not None and imp.ext.prebid is not None else None
        )
        if not named:
            faults.add(path, _NO_BIDDER)
        elif any(not 0 < len(name) <= BIDDER_NAME_MAX for name in named):
            faults.add(path, _LONG)
        seats.update(named or ())
        if len(seats) > SEATS_MAX:
            faults.add(path, _SEATS)
            break
    if prebid.targeting is not None:
        _targeting(faults, f"{at}.targeting", prebid.targeting)
    _factors(faults, f"{at}.bidadjustmentfactors", prebid.bidadjustmentfactors or {})
    _multibid(faults, f"{at}.multibid", prebid.multibid or ())
    _chains(faults, f"{at}.schains", prebid)
    _rates(faults, f"{at}.currency.rates", prebid)
    if prebid.floors is not None:
        check_floors(faults, f"{at}.floors", prebid.floors)


def _plain(name: str) -> str:
    """Return a name as a step of a path: what is long or odd is not echoed."""
    return (
        name
        if name.isascii() and name.replace("-", "_").isidentifier() and len(name) <= BIDDER_NAME_MAX
        else "…"
    )


def _targeting(faults: Faults, path: str, asked: TargetingAsked) -> None:
    if not asked.includewinners and not asked.includebidderkeys:
        faults.add(path, _NEITHER)
    check_granularity(faults, f"{path}.pricegranularity", asked.pricegranularity)
    by_media = asked.mediatypepricegranularity
    if by_media is not None:
        for media in by_media.__struct_fields__:
            where = f"{path}.mediatypepricegranularity.{media}"
            check_granularity(faults, where, getattr(by_media, media))
    cut = asked.truncateattrchars
    if cut is not None and not 0 <= cut <= TRUNCATE_MAX:
        faults.add(f"{path}.truncateattrchars", _TRUNCATE)


def _factors(faults: Faults, path: str, factors: dict[str, float | MediaFactors]) -> None:
    for name, factor in factors.items():
        if not isinstance(factor, MediaFactors):
            if not 0 < factor <= FACTOR_MAX:
                faults.add(f"{path}.{_plain(name)}", _FACTOR)
            continue
        for media in factor.__struct_fields__:
            for bidder, each in (getattr(factor, media) or {}).items():
                if not 0 < each <= FACTOR_MAX:
                    faults.add(f"{path}.mediatypes.{media}.{_plain(bidder)}", _FACTOR)


def _multibid(faults: Faults, path: str, rules: Iterable[MultiBid]) -> None:
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        names = ([rule.bidder] if rule.bidder else rule.bidders) or []
        if not names:
            faults.add(f"{path}[{number}].bidder", MISSING)
        if rule.maxbids is None or not 1 <= rule.maxbids <= BIDS_MAX:
            faults.add(f"{path}[{number}].maxbids", _MAXBIDS)
        if seen & set(names):
            faults.add(f"{path}[{number}]", _TWICE)
        seen.update(names)


def _chains(faults: Faults, path: str, prebid: RequestPrebid) -> None:
    seen: set[str] = set()
    for number, chain in enumerate(prebid.schains or ()):
        if not chain.bidders:
            faults.add(f"{path}[{number}].bidders", EMPTY)
        if chain.schain is None:
            faults.add(f"{path}[{number}].schain", MISSING)
        if seen & set(chain.bidders or ()):
            faults.add(f"{path}[{number}].bidders", _TWICE)
        seen.update(chain.bidders or ())


def _rates(faults: Faults, path: str, prebid: RequestPrebid) -> None:
    rates = prebid.currency.rates if prebid.currency is not None else None
    for source, row in (rates or {}).items():
        faults.known_currency(f"{path}.{_plain(source)}", source)
        for target, rate in row.items():
            where = f"{path}.{_plain(source)}.{_plain(target)}"
            faults.known_currency(where, target)
            if not 0 < rate <= RATE_MAX:
                faults.add(where, _RATE)
