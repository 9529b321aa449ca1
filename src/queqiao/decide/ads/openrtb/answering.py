"""The bids on the wire: price, markup, notices, and what exchanges ask to be told of an ad."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.budgets import counter, total_counter
from queqiao.decide.ads.contracts import Campaign, Creative
from queqiao.decide.ads.delivery.steps import template_of
from queqiao.decide.ads.notice_events import Kind, Notice, path_of
from queqiao.decide.ads.openrtb.markup.banner import banner
from queqiao.decide.ads.openrtb.markup.links import Links
from queqiao.decide.ads.openrtb.markup.native import native
from queqiao.decide.ads.openrtb.markup.vast import vast
from queqiao.decide.ads.openrtb.notices import LOST_MACROS, MACROS, BidNotice, token_of
from queqiao.decide.ads.openrtb.offers import Offer
from queqiao.decide.ads.openrtb.regulation import DsaRequest, Transparency
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.decide.ads.openrtb.response import (
    Bid,
    BidResponse,
    DsaResponse,
    MediaType,
    NoBidReason,
    SeatBid,
)
from queqiao.decide.ads.openrtb.shelf import OFF_SITE, domain_of, terms_of
from queqiao.decide.ads.wallets.account import Account
from queqiao.kernel.tokens import Signer

BASIC_ADVERTISING = 2
"""What the DSA's list calls the use of what fits the page."""

PROFILING = 1


class Bidding(Struct, frozen=True):
    """Who asks, where we stand, under which seat, on which day; how long a bid holds; who pays."""

    exchange: str
    base_url: str
    seat: str
    day: str
    expires_s: int
    account_of: Callable[[Campaign], Account | None]


def no_bid(request: BidRequest, reason: NoBidReason) -> BidResponse:
    """Return an answer without bids, with the reason."""
    return BidResponse(id=request.id, seatbid=[], nbr=int(reason))


def answer(
    request: BidRequest,
    offers: Sequence[tuple[str, Offer]],
    bidding: Bidding,
    signer: Signer,
) -> BidResponse:
    """Return the response; a response has one currency, so offers in another are left out."""
    cur = offers[0][1].cur
    bids = [
        _bid(decision_id, each, request, bidding, signer)
        for decision_id, each in offers
        if each.cur == cur
    ]
    return BidResponse(id=request.id, cur=cur, seatbid=[SeatBid(bid=bids, seat=bidding.seat)])


def _bid(
    decision_id: str, each: Offer, request: BidRequest, bidding: Bidding, signer: Signer
) -> Bid:
    campaign, creative, fit = each.campaign, whole(each.creative, bidding.base_url), each.fit
    terms = terms_of(campaign)
    is_test = bool(request.test)
    token = token_of(signer, _notice(decision_id, each, bidding, is_test))
    at = f"{bidding.base_url}/t/"
    file = creative.video if fit.media is MediaType.VIDEO else creative.audio
    is_stream = fit.media in {MediaType.VIDEO, MediaType.AUDIO}
    return Bid(
        id=decision_id,
        impid=each.imp.id,
        price=each.price,
        nurl=f"{at}w.{token}{MACROS}",
        burl=f"{at}b.{token}{MACROS}",
        lurl=f"{at}l.{token}{LOST_MACROS}",
        adm=_markup(each, creative, _links(decision_id, each, bidding, signer, is_test=is_test)),
        adid=creative.id,
        adomain=[domain_of(campaign, _host(bidding.base_url))],
        bundle=terms.bundle,
        iurl=creative.image_url,
        cid=each.campaign_id,
        crid=f"{each.campaign_id}:{creative.id}",
        cat=terms.categories or None,
        cattax=1 if terms.categories else None,
        attr=terms.attributes or None,
        language=terms.language,
        dealid=each.deal.id if each.deal is not None else None,
        w=fit.w,
        h=fit.h,
        protocol=fit.protocol,
        dur=file.duration_s if is_stream and file is not None else None,
        exp=bidding.expires_s,
        mtype=int(fit.media),
        ext=_ext(each, request, bidding.base_url),
    )


def _notice(decision_id: str, each: Offer, bidding: Bidding, is_test: bool) -> BidNotice:
    account = bidding.account_of(each.campaign)
    also = account.counters(bidding.day) if account is not None else ()
    if each.campaign.total_budget_minor is not None:
        also = (total_counter(each.campaign_id), *also)
    return BidNotice(
        decision_id,
        bidding.exchange,
        each.campaign_id,
        each.creative.id,
        each.placement_id,
        each.cpm_minor,
        each.campaign.currency,
        counter(each.campaign_id, bidding.day),
        each.creative.sku,
        is_test,
        also,
        each.cur,
    )


def _links(
    decision_id: str, each: Offer, bidding: Bidding, signer: Signer, *, is_test: bool
) -> Links:
    """Return where the ad tells what became of it; a click costs nothing, the impression did.

    Whoever sees it elsewhere is nobody we know, so its events name no person.
    """
    common: dict[str, Any] = {
        "decision_id": decision_id,
        "campaign_id": each.campaign_id,
        "creative_id": each.creative.id,
        "placement_id": each.placement_id,
        "price_minor": 0,
        "currency": each.campaign.currency,
        "counter": counter(each.campaign_id, bidding.day),
        "channel": OFF_SITE,
        "anonymous_id": None,
        "user_id": None,
        "sku": each.creative.sku,
        "is_test": is_test,
    }

    def at(kind: Kind, landing_url: str = "") -> str:
        notice = Notice(kind=kind, landing_url=landing_url, **common)
        return bidding.base_url + path_of(signer, notice)

    view = at("view")
    return Links(
        at("impression"),
        view,
        at("click", each.creative.landing_url),
        template_of(view),
        decision_id,
    )


def whole(creative: Creative, base_url: str) -> Creative:
    """Return a creative whose picture and files can be fetched from anywhere."""
    if creative.image_url is None and creative.video is None and creative.audio is None:
        return creative
    return replace(
        creative,
        image_url=creative.image_url and _whole(creative.image_url, base_url),
        video=creative.video and replace(creative.video, url=_whole(creative.video.url, base_url)),
        audio=creative.audio and replace(creative.audio, url=_whole(creative.audio.url, base_url)),
    )


def _host(base_url: str) -> str:
    return urlsplit(base_url).hostname or ""


def _whole(url: str, base_url: str) -> str:
    return f"{base_url}{url}" if url.startswith("/") else url


def _markup(each: Offer, creative: Creative, links: Links) -> str:
    fit, advertiser = each.fit, each.campaign.advertiser
    if fit.media is MediaType.BANNER:
        return banner(creative, links)
    if fit.media is MediaType.NATIVE:
        return native(creative, advertiser, links, fit)
    file = creative.video if fit.media is MediaType.VIDEO else creative.audio
    assert file is not None, "an offer of a stream has its file"
    assert fit.protocol is not None, "and the version of VAST that the place reads"
    return vast(creative, file, advertiser, links, fit.protocol)


def _ext(each: Offer, request: BidRequest, base_url: str) -> dict[str, Any] | None:
    """Return what the DSA asks to be told of an ad, where it asks."""
    regs_ext = request.regs.ext if request.regs is not None else None
    asked = regs_ext.dsa if regs_ext is not None else None
    if asked is None or not asked.dsarequired:
        return None
    return {"dsa": _dsa(each, asked, base_url)}


def _dsa(each: Offer, asked: DsaRequest, base_url: str) -> DsaResponse:
    """Return who the ad is for and who paid, and that the ad itself is labelled.

    ``pubrender`` 2: the publisher shows it, so the ad does not.
    """
    used = [BASIC_ADVERTISING]
    if each.campaign.targeting.segments_any:
        used.insert(0, PROFILING)
    name = each.campaign.advertiser
    shown = Transparency(domain=domain_of(each.campaign, _host(base_url)), dsaparams=used)
    return DsaResponse(behalf=name, paid=name, transparency=[shown], adrender=asked.pubrender != 2)
