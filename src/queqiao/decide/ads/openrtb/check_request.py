"""A bid request at the door: decoded, read in the form of 2.6, and checked, all faults at once."""

import msgspec

from queqiao.decide.ads.openrtb.check_imp import check_auction_type, check_imp
from queqiao.decide.ads.openrtb.context import EID, Device, Dooh, Geo, Site, User
from queqiao.decide.ads.openrtb.faults import EMPTY, MISSING, NEGATIVE, TOO_MANY, Faults
from queqiao.decide.ads.openrtb.regulation import Source
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.decide.ads.openrtb.versions import as_2_6
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message

REQUEST_BYTES_MAX = 256 * 1024
"""The bound that Prebid Server has too."""

IMPS_MAX = 100
ID_LENGTH_MAX = 256

_OUTLETS = Message("须恰好有 site、app、dooh 之一", "must define exactly one of site, app and dooh")
_SITE = Message("id 和 page 至少要有其一", "should include at least one of id or page")
_DOOH = Message("id 和 venuetype 至少要有其一", "should include at least one of id or venuetype")
_LATITUDE = Message("须在 -90 与 90 之间", "must be from -90 to 90")
_LONGITUDE = Message("须在 -180 与 180 之间", "must be from -180 to 180")
_LONG_ID = Message(f"最多 {ID_LENGTH_MAX} 个字符", f"at most {ID_LENGTH_MAX} characters")

_decoder = msgspec.json.Decoder(BidRequest)


def check_body(body: bytes) -> None:
    """Raise InvalidInput, or TooLarge, for what no parser must see."""
    try:
        json.check(body, REQUEST_BYTES_MAX)
    except InvalidInput as error:
        raise InvalidInput(*(_of_request(field) for field in error.fields)) from error


def read_request(body: bytes) -> BidRequest:
    """Return a request in the form of 2.6. Raises InvalidInput with every path, or TooLarge."""
    check_body(body)
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, "request")) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        message = Message("不是合法的 JSON", "is not well-formed JSON")
        raise InvalidInput(FieldError("request", message)) from error
    request = as_2_6(request)
    faults = Faults()
    check_request(faults, request)
    faults.raise_any()
    return request


def _of_request(field: FieldError) -> FieldError:
    return FieldError(f"request.{field.path}" if field.path else "request", field.message)


def check_request(faults: Faults, request: BidRequest) -> None:
    """Note everything that is wrong with a request."""
    _id(faults, "request.id", request.id)
    if request.tmax is not None and request.tmax < 0:
        faults.add("request.tmax", NEGATIVE)
    check_auction_type(faults, "request.at", request.at)
    _imps(faults, request)
    _outlet(faults, request)
    for number, code in enumerate(request.cur or ()):
        faults.known_currency(f"request.cur[{number}]", code)
    for name in ("wseat", "bseat", "wlang", "wlangb", "acat", "bcat", "badv", "bapp"):
        texts = getattr(request, name)
        if texts:
            faults.texts(f"request.{name}", texts)
    if request.device is not None:
        _device(faults, request.device)
    if request.user is not None:
        _user(faults, request.user)
    if request.source is not None:
        _source(faults, request.source)


def _id(faults: Faults, path: str, value: str | None) -> None:
    if not value:
        faults.add(path, MISSING)
    elif len(value) > ID_LENGTH_MAX:
        faults.add(path, _LONG_ID)


def _imps(faults: Faults, request: BidRequest) -> None:
    imps = request.imp or []
    if not imps:
        faults.add("request.imp", EMPTY)
    if len(imps) > IMPS_MAX:
        faults.add("request.imp", TOO_MANY)
        return
    faults.unique("request.imp[{}].id", (imp.id for imp in imps))
    for number, imp in enumerate(imps):
        if imp.id:
            _id(faults, f"request.imp[{number}].id", imp.id)
        check_imp(faults, f"request.imp[{number}]", imp)


def _outlet(faults: Faults, request: BidRequest) -> None:
    given = [each for each in (request.site, request.app, request.dooh) if each is not None]
    if len(given) != 1:
        faults.add("request", _OUTLETS)
    for outlet in given:
        if isinstance(outlet, Site) and not outlet.id and not outlet.page:
            faults.add("request.site", _SITE)
        if isinstance(outlet, Dooh) and not outlet.id and not outlet.venuetype:
            faults.add("request.dooh", _DOOH)


def _device(faults: Faults, device: Device) -> None:
    faults.not_negative("request.device", device, ("w", "h", "ppi", "pxratio"))
    if device.geo is not None:
        _geo(faults, "request.device.geo", device.geo)


def _geo(faults: Faults, path: str, geo: Geo) -> None:
    faults.not_negative(path, geo, ("accuracy",))
    if geo.lat is not None and not -90 <= geo.lat <= 90:
        faults.add(f"{path}.lat", _LATITUDE)
    if geo.lon is not None and not -180 <= geo.lon <= 180:
        faults.add(f"{path}.lon", _LONGITUDE)


def _user(faults: Faults, user: User) -> None:
    if user.geo is not None:
        _geo(faults, "request.user.geo", user.geo)
    for number, eid in enumerate(user.eids or ()):
        _eid(faults, f"request.user.eids[{number}]", eid)


def _eid(faults: Faults, path: str, eid: EID) -> None:
    faults.required(f"{path}.source", eid.source)
    if not eid.uids:
        faults.add(f"{path}.uids", EMPTY)
    for number, uid in enumerate(eid.uids or ()):
        faults.required(f"{path}.uids[{number}].id", uid.id)


def _source(faults: Faults, source: Source) -> None:
    for number, node in enumerate((source.schain and source.schain.nodes) or ()):
        path = f"request.source.schain.nodes[{number}]"
        faults.required(f"{path}.asi", node.asi)
        faults.required(f"{path}.sid", node.sid)
