"""The least price of an impression: from the request, from its rules, from our own placement.

Rules are tables (Prebid's floors, schema version 2): a key is the values of the table's fields, in
lower case, with ``*`` for any; the key with the fewest ``*`` counts, and of two equal ones that
whose first fields are told. A rule takes the place of ``bidfloor``; a placement's floor is added as
a bound below. A table is taken by weight, by the auction's draw.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import combinations

from msgspec import Struct

from queqiao.decide.ads.auction import fortune
from queqiao.decide.ads.openrtb.exchange.currencies import AuctionRates
from queqiao.decide.ads.openrtb.exchange.prebid import FloorModel, FloorsAsked
from queqiao.decide.ads.openrtb.rates import DEFAULT_CURRENCY
from queqiao.decide.ads.openrtb.request import BidRequest, Imp

ANY = "*"
DECIMALS = 4
MEDIA = ("banner", "video", "audio", "native")
PHONES, TABLETS, COMPUTERS = frozenset((1, 4)), frozenset((5,)), frozenset((2,))

Floor = tuple[float, str]
"""A price for a thousand with its currency."""


class Rules(Struct, frozen=True):
    """The rules that hold in one auction; ``model`` is None where there are none.

    ``values`` are those of the model with their keys in lower case.
    """

    model: FloorModel | None = None
    values: Mapping[str, float] = {}
    currency: str = DEFAULT_CURRENCY
    least: float = 0.0
    least_currency: str = DEFAULT_CURRENCY
    enforced: bool = True
    of_deals: bool = False


NO_RULES = Rules()


def rules_of(floors: FloorsAsked | None, draw: int) -> Rules:
    """Return the rules of this auction."""
    if floors is None or not floors.enabled:
        return NO_RULES
    data = floors.data
    model = _by_weight(data.modelgroups or [], draw) if data is not None else None
    said = [each.skiprate for each in (model, data, floors) if each is not None]
    skip = next((rate for rate in said if rate is not None), 0)
    if _percent(draw, "skip") < skip:
        return NO_RULES
    enforcement = floors.enforcement
    enforced, of_deals = True, False
    if enforcement is not None:
        rate = 100 if enforcement.enforcerate is None else enforcement.enforcerate
        enforced = enforcement.enforcepbs and _percent(draw, "enforce") < rate
        of_deals = enforcement.floordeals
    currency = (model and model.currency) or (data and data.currency) or DEFAULT_CURRENCY
    least_currency = floors.floormincur or currency
    values = {key.lower(): floor for key, floor in ((model and model.values) or {}).items()}
    least = floors.floormin or 0.0
    return Rules(model, values, currency, least, least_currency, enforced, of_deals)


def _percent(draw: int, what: str) -> int:
    return fortune(draw, what) % 100


def _by_weight(models: list[FloorModel], draw: int) -> FloorModel | None:
    if len(models) <= 1:
        return models[0] if models else None
    weights = [model.modelweight or 1 for model in models]
    left = fortune(draw, "model") % sum(weights)
    place = 0
    while left >= weights[place]:
        left -= weights[place]
        place += 1
    return models[place]


class AuctionTerms(Struct, frozen=True):
    """What is the same for all lots of an auction."""

    rules: Rules
    rates: AuctionRates
    cur: str
    enforces_secure: bool = True


def floor_of(
    terms: AuctionTerms, request: BidRequest, imp: Imp, placement: Floor | None
) -> float | None:
    """Return the floor of an impression in ``cur``; None when no rate for it is known."""
    rules, rates, cur = terms.rules, terms.rates, terms.cur
    floors: list[Floor] = [(imp.bidfloor or 0.0, imp.bidfloorcur or DEFAULT_CURRENCY)]
    if rules.model is not None:
        found = _look_up(rules, request, imp)
        if found is not None:
            floors = [(found, rules.currency)]
    floors.append((rules.least, rules.least_currency))
    if placement is not None:
        floors.append(placement)
    highest = 0.0
    for amount, currency in floors:
        told = rates.convert(amount, currency, cur) if amount else 0.0
        if told is None:
            return None
        highest = max(highest, told)
    return round(highest, DECIMALS)


def _look_up(rules: Rules, request: BidRequest, imp: Imp) -> float | None:
    assert rules.model is not None, "it is asked where there are rules"
    schema, default = rules.model.schema, rules.model.default
    if schema is None or not schema.fields or not rules.values:
        return default
    said = [_value(field, request, imp).lower() for field in schema.fields]
    keys = _keys(said, schema.delimiter)
    return next((rules.values[key] for key in keys if key in rules.values), default)


def _keys(said: list[str], delimiter: str) -> Iterator[str]:
    """Yield the keys that hold, from that of the fewest ``*``."""
    for places in _stars(len(said)):
        yield delimiter.join(ANY if at in places else text for at, text in enumerate(said))


@cache
def _stars(count: int) -> tuple[frozenset[int], ...]:
    """Return which fields are left open, in order; the last fields are left open first."""
    found = []
    for size in range(count + 1):
        found += [frozenset(places) for places in combinations(reversed(range(count)), size)]
    return tuple(found)


def _value(field: str, request: BidRequest, imp: Imp) -> str:
    """Return what a request says of a field, ``*`` where it says nothing or several things."""
    return _VALUES[field](request, imp) or ANY


def _site_domain(request: BidRequest, _: Imp) -> str | None:
    outlet = request.site or request.app or request.dooh
    return outlet.domain if outlet is not None else None


def _publisher_domain(request: BidRequest, _: Imp) -> str | None:
    outlet = request.site or request.app or request.dooh
    publisher = outlet.publisher if outlet is not None else None
    return publisher.domain if publisher is not None else None


def _domain(request: BidRequest, imp: Imp) -> str | None:
    return _site_domain(request, imp) or _publisher_domain(request, imp)


def _bundle(request: BidRequest, _: Imp) -> str | None:
    return request.app.bundle if request.app is not None else None


def _slot(_: BidRequest, imp: Imp) -> str | None:
    return (imp.ext and imp.ext.gpid) or imp.tagid


def _channel(request: BidRequest, _: Imp) -> str | None:
    return "app" if request.app is not None else "web"


def _country(request: BidRequest, _: Imp) -> str | None:
    geo = request.device.geo if request.device is not None else None
    return geo.country if geo is not None else None


def _device_type(request: BidRequest, _: Imp) -> str | None:
    said = request.device.devicetype if request.device is not None else None
    kinds = (("phone", PHONES), ("tablet", TABLETS), ("desktop", COMPUTERS))
    return next((name for name, types in kinds if said in types), None)


def _media(imp: Imp) -> str:
    asked = [media for media in MEDIA if getattr(imp, media) is not None]
    return asked[0] if len(asked) == 1 else ANY


def _size(imp: Imp) -> str:
    if imp.banner is not None and _media(imp) == "banner":
        sizes = [(each.w, each.h) for each in imp.banner.format or ()] or [
            (imp.banner.w, imp.banner.h)
        ]
        width, height = sizes[0] if len(sizes) == 1 else (None, None)
    elif imp.video is not None and _media(imp) == "video":
        width, height = imp.video.w, imp.video.h
    else:
        return ANY
    return f"{width}x{height}" if width and height else ANY


_VALUES: Mapping[str, Callable[[BidRequest, Imp], str | None]] = {
    "mediaType": lambda _, imp: _media(imp),
    "size": lambda _, imp: _size(imp),
    "siteDomain": _site_domain,
    "pubDomain": _publisher_domain,
    "domain": _domain,
    "bundle": _bundle,
    "gptSlot": _slot,
    "adUnitCode": _slot,
    "channel": _channel,
    "country": _country,
    "deviceType": _device_type,
}
"""How each field of a table is read from a request (``check_floors.FIELDS``)."""
