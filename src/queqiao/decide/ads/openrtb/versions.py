"""What 2.5 says elsewhere: regulations, consent, ids and the supply chain stood in ``ext``.

A request is read in the form of 2.6 whichever form it came in. What stands in the place of 2.6
counts before what stands in that of 2.5. ``FIELDS_OF_2_6`` is for who sends requests on.
"""

from msgspec.structs import replace

from queqiao.decide.ads.openrtb.context import User
from queqiao.decide.ads.openrtb.regulation import Regs, Source
from queqiao.decide.ads.openrtb.request import BidRequest, Imp

FIELDS_OF_2_6 = {
    "regs.gdpr": "regs.ext.gdpr",
    "regs.us_privacy": "regs.ext.us_privacy",
    "regs.gpp": "regs.ext.gpp",
    "regs.gpp_sid": "regs.ext.gpp_sid",
    "user.consent": "user.ext.consent",
    "user.eids": "user.ext.eids",
    "source.schain": "source.ext.schain",
    "imp.rwdd": "imp.ext.prebid.is_rewarded_inventory",
}
"""Where 2.5 has what 2.6 has a field for."""


def as_2_6(request: BidRequest) -> BidRequest:
    """Return the request with everything where 2.6 has it."""
    regs, user, source, imps = request.regs, request.user, request.source, request.imp
    if regs is not None and regs.ext is not None:
        regs = _regs(regs)
    if user is not None and user.ext is not None:
        user = _user(user)
    if source is not None and source.ext is not None:
        source = _source(source)
    if imps and any(imp.ext is not None and imp.ext.prebid is not None for imp in imps):
        imps = [_imp(imp) for imp in imps]
    return replace(request, regs=regs, user=user, source=source, imp=imps)


def _regs(regs: Regs) -> Regs:
    ext = regs.ext
    assert ext is not None
    return replace(
        regs,
        gdpr=ext.gdpr if regs.gdpr is None else regs.gdpr,
        us_privacy=regs.us_privacy or ext.us_privacy,
        gpp=regs.gpp or ext.gpp,
        gpp_sid=regs.gpp_sid or ext.gpp_sid,
    )


def _user(user: User) -> User:
    assert user.ext is not None
    return replace(user, consent=user.consent or user.ext.consent, eids=user.eids or user.ext.eids)


def _source(source: Source) -> Source:
    assert source.ext is not None
    return replace(source, schain=source.schain or source.ext.schain)


def _imp(imp: Imp) -> Imp:
    prebid = imp.ext.prebid if imp.ext is not None else None
    if prebid is None or imp.rwdd is not None or prebid.is_rewarded_inventory is None:
        return imp
    return replace(imp, rwdd=prebid.is_rewarded_inventory)
