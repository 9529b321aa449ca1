"""What each bidder is told: the request with its own impressions, parameters, chain and data.

A bidder sees its parameters in ``imp.ext.bidder``, and nothing of the others: neither who they are
nor what they are told. What of the person may be told to it is decided by the signals of privacy
and its number in the TCF's list, as for our own bidder. Members that we do not know go through.
"""

from collections.abc import Sequence

from msgspec import Raw, Struct
from msgspec.structs import replace

from queqiao.decide.ads.openrtb.context import User
from queqiao.decide.ads.openrtb.exchange import first_party
from queqiao.decide.ads.openrtb.exchange.hot_state import LiveBidder
from queqiao.decide.ads.openrtb.exchange.lots import Lot
from queqiao.decide.ads.openrtb.exchange.reading import Asked
from queqiao.decide.ads.openrtb.exchange.versions import in_form_of, members
from queqiao.decide.ads.openrtb.parts import Parts, listed_parts_of
from queqiao.decide.ads.openrtb.privacy import EVERYTHING, applied, permits
from queqiao.decide.ads.openrtb.regulation import Source, SupplyChain
from queqiao.decide.ads.openrtb.request import BidRequest, Imp, ImpExt
from queqiao.kernel import json

PASSED_ON = ("channel", "integration", "debug")
"""Members of ``ext.prebid`` that bidders see; the rest is between the publisher and us."""


FIRST_PRICE = Raw(b"1")
"""What every bidder is told of the auction: who wins pays what it bid."""


class Seat(Struct, frozen=True):
    """A place at the auction: ``name`` as the request has it, and the bidder behind it.

    ``bidder`` None is our own. ``places`` are the impressions it is asked for, by number.
    """

    name: str
    bidder: LiveBidder | None
    places: tuple[int, ...]
    vendor_id: int = 0


def message(asked: Asked, seat: Seat, lots: Sequence[Lot], wait_ms: int) -> bytes:
    """Return the request as a foreign bidder gets it."""
    assert seat.bidder is not None, "our own bidder is asked in process"
    document = seat.bidder.document
    parts = _for_person(asked, seat)
    prebid = asked.prebid
    told_data = first_party.may_be_told(seat.name, prebid.data)
    if not told_data:
        parts = first_party.without_data(parts)
    if prebid.bidderconfig:
        parts = first_party.with_own(parts, seat.name, prebid.bidderconfig)
    if prebid.data is not None and prebid.data.eidpermissions:
        parts = first_party.with_permitted_ids(parts, seat.name, prebid.data.eidpermissions)
    parts = dict(parts)
    _tell_id(parts, asked, seat.name)
    chain = chain_for(asked, seat.name)
    if chain is not None:
        source = members(parts.get("source"))
        source["schain"] = Raw(json.encode(chain))
        parts["source"] = Raw(json.encode(source))
    _leave_for_bidders(parts)
    imps = [
        _imp(asked, place, seat.name, lots[place], told_data=told_data) for place in seat.places
    ]
    parts["imp"] = Raw(json.encode(imps))
    parts["at"] = FIRST_PRICE
    parts["tmax"] = Raw(b"%d" % wait_ms)
    parts["cur"] = Raw(json.encode([document.currency]))
    return json.encode(in_form_of(parts, document.openrtb))


def own_request(asked: Asked, seat: Seat, lots: Sequence[Lot], wait_ms: int) -> BidRequest:
    """Return the request as our own bidder gets it; it looks at privacy itself."""
    imps = [_own_imp(asked.request, place, seat.name, lots[place]) for place in seat.places]
    user = _own_user(asked, seat.name)
    request = replace(asked.request, imp=imps, user=user, tmax=wait_ms, cur=[asked.cur], at=1)
    chain = chain_for(asked, seat.name)
    if chain is None:
        return request
    return replace(request, source=replace(request.source or Source(), schain=chain))


def _tell_id(parts: Parts, asked: Asked, name: str) -> None:
    """Put the id by which a bidder knows the user in its place; those of others are its own."""
    user = members(parts.get("user"))
    ext = members(user.get("ext"))
    if ext.pop("prebid", None) is None:
        return
    if name in asked.buyer_ids:
        user["buyeruid"] = Raw(json.encode(asked.buyer_ids[name]))
    user["ext"] = Raw(json.encode(ext))
    parts["user"] = Raw(json.encode(user))


def _own_user(asked: Asked, name: str) -> User | None:
    """Return the user with the id by which our own bidder knows them, where one is told."""
    user, own = asked.request.user, asked.buyer_ids.get(name)
    return user if user is None or own is None else replace(user, buyeruid=own)


def _for_person(asked: Asked, seat: Seat) -> Parts:
    """Return the parts with what of the person this bidder may be told."""
    allowed = permits(asked.request, seat.vendor_id)
    if allowed is EVERYTHING:
        return asked.parts
    limited = applied(asked.request, allowed)
    parts = dict(asked.parts)
    for name, value in (("user", limited.user), ("device", limited.device)):
        if name in parts:
            parts[name] = Raw(json.encode(value))
    return parts


def chain_for(asked: Asked, name: str) -> SupplyChain | None:
    """Return the supply chain that was given for this bidder, or for all that have none."""
    for_all = None
    for each in asked.prebid.schains or ():
        if name in (each.bidders or ()):
            return each.schain
        if first_party.EVERYONE in (each.bidders or ()):
            for_all = each.schain
    return for_all


def _leave_for_bidders(parts: Parts) -> None:
    """Leave of ``request.ext`` what is for bidders."""
    ext = members(parts.get("ext"))
    prebid = members(ext.pop("prebid", None))
    left = {name: prebid[name] for name in PASSED_ON if name in prebid}
    if left:
        ext["prebid"] = Raw(json.encode(left))
    if ext:
        parts["ext"] = Raw(json.encode(ext))
    else:
        parts.pop("ext", None)


def _imp(asked: Asked, place: int, name: str, lot: Lot, *, told_data: bool) -> Parts:
    """Return an impression with this bidder's parameters, the lot's floor and its own deals."""
    parts = dict(asked.imps[place])
    ext = members(parts.get("ext"))
    bidders = members(members(ext.pop("prebid", None)).get("bidder"))
    ext["bidder"] = bidders[name]
    if not told_data:
        ext.pop("data", None)
        ext.pop("context", None)
    parts["ext"] = Raw(json.encode(ext))
    if lot.floor:
        parts["bidfloor"] = Raw(json.encode(lot.floor))
        parts["bidfloorcur"] = Raw(json.encode(lot.cur))
    if lot.deals:
        pmp = members(parts.get("pmp"))
        deals = listed_parts_of(pmp["deals"])
        known = [deal for deal, terms in zip(deals, lot.deals, strict=True) if terms.open_to(name)]
        pmp["deals"] = Raw(json.encode(known))
        parts["pmp"] = Raw(json.encode(pmp))
    return parts


def _own_imp(request: BidRequest, place: int, name: str, lot: Lot) -> Imp:
    imp = (request.imp or [])[place]
    named = imp.ext.prebid.bidder if imp.ext is not None and imp.ext.prebid is not None else None
    params = (named or {}).get(name)
    ext = ImpExt(bidder=params, gpid=imp.ext.gpid if imp.ext is not None else None)
    pmp = imp.pmp
    if pmp is not None and pmp.deals:
        known = [
            replace(deal, wseat=None)
            for deal, terms in zip(pmp.deals, lot.deals, strict=True)
            if terms.open_to(name)
        ]
        pmp = replace(pmp, deals=known)
    return replace(imp, ext=ext, pmp=pmp, bidfloor=lot.floor, bidfloorcur=lot.cur)
