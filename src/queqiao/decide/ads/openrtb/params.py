"""What an exchange tells our bidder beyond OpenRTB: the parameters of an impression.

Prebid Server puts them in ``imp.ext.bidder``; who hands a Prebid request on unchanged leaves them
in ``imp.ext.prebid.bidder.queqiao``.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from queqiao.decide.ads.openrtb.faults import Faults
from queqiao.decide.ads.openrtb.request import BidRequest, Imp
from queqiao.kernel.json import field_error

BIDDER = "queqiao"


class Params(Struct, frozen=True):
    """``placement``: which placement of ours the impression is; only its campaigns bid then.

    Without it, or when there is no such placement, every campaign may bid that bids in exchanges.
    Other parameters are read over.
    """

    placement: Annotated[str, Meta(max_length=128)] | None = None


NONE = Params()


def params_of(imp: Imp) -> Params:
    """Return the parameters of an impression that was checked."""
    raw, _ = _raw(imp)
    return NONE if raw is None else msgspec.convert(raw, Params)


def check_params(faults: Faults, request: BidRequest) -> None:
    """Note parameters that are none."""
    for number, imp in enumerate(request.imp or ()):
        raw, where = _raw(imp)
        if raw is None:
            continue
        try:
            msgspec.convert(raw, Params)
        except msgspec.ValidationError as error:
            found = field_error(error, f"request.imp[{number}].ext.{where}")
            faults.add(found.path, found.message)


def _raw(imp: Imp) -> tuple[Any, str]:
    ext = imp.ext
    if ext is None:
        return None, ""
    if ext.bidder is not None:
        return ext.bidder, "bidder"
    given = ext.prebid.bidder if ext.prebid is not None else None
    return (given or {}).get(BIDDER), f"prebid.bidder.{BIDDER}"
