"""A bid response, checked: by itself, and against the request that it answers."""

import msgspec

from queqiao.decide.ads.openrtb.faults import EMPTY, MISSING, NOT_POSITIVE, TWICE, Faults
from queqiao.decide.ads.openrtb.request import BidRequest, Imp
from queqiao.decide.ads.openrtb.response import Bid, BidResponse, MediaType, SeatBid
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message

RESPONSE_BYTES_MAX = 1_000_000
ADM_CHARACTERS_MAX = 500_000

MEDIA = {
    MediaType.BANNER: "banner",
    MediaType.VIDEO: "video",
    MediaType.AUDIO: "audio",
    MediaType.NATIVE: "native",
}
"""The member of an impression that stands for each type."""

_UNKNOWN_IMP = Message("请求中没有这个 imp", "is no imp of the request")
_UNKNOWN_DEAL = Message("请求的这个 imp 没有这个 deal", "is no deal of that imp")
_OTHER_ID = Message("须等于请求的 id", "must be the id of the request")
_CURRENCY = Message("不是请求所允许的币种", "is none of the currencies that the request allows")
_MTYPE = Message(
    "须为 1、2、3 或 4，且是该 imp 所求的媒体",
    "must be 1, 2, 3 or 4, and a media type that the imp asks for",
)
_NO_MTYPE = Message(
    "该 imp 求多种媒体，须注明是哪一种", "is required: the imp asks for several media types"
)
_ADM = Message(f"最多 {ADM_CHARACTERS_MAX} 个字符", f"at most {ADM_CHARACTERS_MAX} characters")
_NO_MARKUP = Message("adm 和 nurl 至少要有其一", "must have at least one of adm and nurl")
_PRICE = Message(
    "须为正数；只有 deal 可以为 0", "must be a positive number; 0 is only for a bid on a deal"
)

_decoder = msgspec.json.Decoder(BidResponse)


def read_response(body: bytes, size_max: int = RESPONSE_BYTES_MAX) -> BidResponse:
    """Return a response that was not yet checked. Raises InvalidInput with the path, TooLarge."""
    json.check(body, size_max)
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, "response")) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        message = Message("不是合法的 JSON", "is not well-formed JSON")
        raise InvalidInput(FieldError("response", message)) from error


def check_response(response: BidResponse, request: BidRequest | None = None) -> list[FieldError]:
    """Return everything that is wrong with a response, and with it as an answer to ``request``."""
    faults = Faults()
    faults.required("response.id", response.id)
    faults.known_currency("response.cur", response.cur)
    if request is not None:
        if response.id != request.id:
            faults.add("response.id", _OTHER_ID)
        if request.cur and (response.cur or "USD") not in request.cur:
            faults.add("response.cur", _CURRENCY)
    imps = {imp.id: imp for imp in (request.imp or ())} if request else None
    for number, seat in enumerate(response.seatbid or ()):
        _seat(faults, f"response.seatbid[{number}]", seat, imps)
    _unique_bids(faults, response)
    return faults.found


def _seat(faults: Faults, path: str, seat: SeatBid, imps: dict[str | None, Imp] | None) -> None:
    if not seat.bid:
        faults.add(f"{path}.bid", EMPTY)
    for number, bid in enumerate(seat.bid or ()):
        where = f"{path}.bid[{number}]"
        check_bid(faults, where, bid)
        if imps is not None:
            fits_imp(faults, where, bid, imps.get(bid.impid))


def _unique_bids(faults: Faults, response: BidResponse) -> None:
    seen: set[str] = set()
    for number, seat in enumerate(response.seatbid or ()):
        for place, bid in enumerate(seat.bid or ()):
            if bid.id and bid.id in seen:
                faults.add(f"response.seatbid[{number}].bid[{place}].id", TWICE)
            seen.add(bid.id or "")


def check_bid(faults: Faults, path: str, bid: Bid) -> None:
    """Note what is wrong with a bid by itself."""
    faults.required(f"{path}.id", bid.id)
    faults.required(f"{path}.impid", bid.impid)
    if bid.price is None:
        faults.add(f"{path}.price", MISSING)
    elif bid.price < 0 or (bid.price == 0 and not bid.dealid):
        faults.add(f"{path}.price", _PRICE)
    if bid.mtype is not None and bid.mtype not in MEDIA:
        faults.add(f"{path}.mtype", _MTYPE)
    if bid.adm is not None and len(bid.adm) > ADM_CHARACTERS_MAX:
        faults.add(f"{path}.adm", _ADM)
    for name in ("w", "h", "wratio", "hratio"):
        value = getattr(bid, name)
        if value is not None and value <= 0:
            faults.add(f"{path}.{name}", NOT_POSITIVE)
    faults.not_negative(path, bid, ("exp", "dur"))


def fits_imp(faults: Faults, path: str, bid: Bid, imp: Imp | None) -> None:
    """Note where a bid does not fit the impression that it is for."""
    if imp is None:
        if bid.impid:
            faults.add(f"{path}.impid", _UNKNOWN_IMP)
        return
    asked = [kind for kind, name in MEDIA.items() if getattr(imp, name) is not None]
    if bid.mtype is None and len(asked) > 1:
        faults.add(f"{path}.mtype", _NO_MTYPE)
    elif bid.mtype is not None and bid.mtype in MEDIA and bid.mtype not in asked:
        faults.add(f"{path}.mtype", _MTYPE)
    if not bid.adm and not bid.nurl:
        faults.add(path, _NO_MARKUP)
    deals = {deal.id for deal in (imp.pmp and imp.pmp.deals) or ()}
    if bid.dealid and bid.dealid not in deals:
        faults.add(f"{path}.dealid", _UNKNOWN_DEAL)
