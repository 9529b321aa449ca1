"""What an exchange tells of a bid: won (``nurl``), to be billed (``burl``) or lost (``lurl``).

All three carry one signed token and differ by the letter before it: ``/t/b.{token}``. An impression
is billed once, at what the auction came to and never above the bid; a price that was not filled in
is taken to be the bid, and the first that is told counts. A price is for a thousand: of the part of
a minor unit that one impression costs, chance that hangs on the bid's id makes none or a whole one,
so that the sum is right in the mean (1,000,000 impressions differ by less than 10 yuan in 95 of 100
cases).

In our own exchange the winner pays what it bid, and its notices go through browsers, which could
say less: there the price is the bid, whatever is told.
"""

from math import isfinite
from typing import Literal

import msgspec
from msgspec import Struct

from queqiao.decide.ads.auction import fortune
from queqiao.decide.ads.charging import charge
from queqiao.decide.ads.notice_events import new_event
from queqiao.decide.ads.openrtb.rates import DEFAULT_CURRENCY, Rates
from queqiao.decide.ads.wallets.account import bill_among
from queqiao.kernel.errors import Conflict, NotFound
from queqiao.kernel.http import Request, Response
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger

PURPOSE = "openrtb notice"
Told = Literal["won", "billed", "lost"]
LETTERS: dict[str, Told] = {"w": "won", "b": "billed", "l": "lost"}
EVENTS: dict[Told, str] = {"won": "Ad Won", "billed": "Ad Billed", "lost": "Ad Lost"}
OWN_EXCHANGE = "queqiao-exchange"
"""The name of our own exchange in the notices and events of our bidder."""

IMPRESSIONS_OF_A_PRICE = 1_000
MACROS = "?price=${AUCTION_PRICE}&cur=${AUCTION_CURRENCY}"
LOST_MACROS = "?price=${AUCTION_MIN_TO_WIN}&cur=${AUCTION_CURRENCY}&reason=${AUCTION_LOSS}"

_NO_STORE = (("Cache-Control", "no-store"),)
_encoder = msgspec.msgpack.Encoder()


class BidNotice(Struct, frozen=True, array_like=True):
    """What the token says of a bid. ``cpm_minor`` is what was bid for a thousand impressions.

    ``counter`` is that of the budget, ``also`` are those of the advertiser's account. ``cur`` is
    the currency in which it was bid, ``currency`` the campaign's.
    """

    decision_id: str
    exchange: str
    campaign_id: str
    creative_id: str
    placement_id: str
    cpm_minor: int
    currency: str
    counter: str
    sku: str | None
    is_test: bool
    also: tuple[str, ...] = ()
    cur: str = DEFAULT_CURRENCY

    @property
    def counters(self) -> tuple[str, ...]:
        """What an impression takes from: the budget, and the advertiser's account if any."""
        return (self.counter, *self.also)


_decoder = msgspec.msgpack.Decoder(BidNotice)


class BidOutcome(Struct, omit_defaults=True):
    """The properties of Ad Won, Ad Billed and Ad Lost. ``cpm_minor`` is what the auction came to.

    For a lost bid it is what would have won, where the exchange tells it; ``reason`` is its code.
    """

    decision_id: str
    exchange: str
    campaign_id: str
    creative_id: str
    placement_id: str
    currency: str
    bid_cpm_minor: int
    cpm_minor: int | None = None
    cost_minor: int | None = None
    reason: int | None = None
    bill: str | None = None
    sku: str | None = None


def token_of(signer: Signer, notice: BidNotice) -> str:
    """Return the token of a bid."""
    return signer.sign(_encoder.encode(notice), PURPOSE)


def lease_key(decision_id: str) -> str:
    """Return the ledger's key of a bid; a click on the ad asks for another, and costs nothing."""
    return f"{decision_id}:impression"


def cost_of(cpm_minor: int, decision_id: str) -> int:
    """Return what one impression costs in whole minor units: right in the mean over many bids."""
    whole, rest = divmod(cpm_minor, IMPRESSIONS_OF_A_PRICE)
    return whole + (fortune(0, decision_id) % IMPRESSIONS_OF_A_PRICE < rest)


def lease_of(cpm_minor: int) -> int:
    """Return the most that one impression can cost."""
    return -(-cpm_minor // IMPRESSIONS_OF_A_PRICE)


def told_in(path_token: str) -> tuple[Told, str] | None:
    """Return what a path's last part tells and its token, or None when it is another's."""
    letter, dot, token = path_token.partition(".")
    told = LETTERS.get(letter) if dot else None
    return None if told is None else (told, token)


class BidNotices:
    """Takes the notices of bids."""

    def __init__(self, ledger: Ledger, event_log: EventLog, signer: Signer, rates: Rates) -> None:
        self._ledger = ledger
        self._event_log = event_log
        self._signer = signer
        self._rates = rates

    async def take(self, told: Told, token: str, request: Request) -> Response:
        """Answer a notice when what it tells is on disk. A test's is read and forgotten."""
        notice = self._read(token)
        if notice.is_test:
            return Response(204, headers=_NO_STORE)
        is_own = notice.exchange == OWN_EXCHANGE and told != "lost"
        cpm_minor = notice.cpm_minor if is_own else self._price(notice, request)
        cost_minor = None
        if told == "billed":
            cost_minor = await self._charge(
                notice, _at_most(cpm_minor, notice.cpm_minor), request.now_us
            )
        elif told == "lost":
            await self._free(notice, request.now_us)
        outcome = BidOutcome(
            decision_id=notice.decision_id,
            exchange=notice.exchange,
            campaign_id=notice.campaign_id,
            creative_id=notice.creative_id,
            placement_id=notice.placement_id,
            currency=notice.currency,
            bid_cpm_minor=notice.cpm_minor,
            cpm_minor=cpm_minor if told == "lost" else _at_most(cpm_minor, notice.cpm_minor),
            cost_minor=cost_minor,
            reason=_reason(request),
            bill=bill_among(notice.also) if told == "billed" else None,
            sku=notice.sku,
        )
        await self._event_log.append(
            [
                new_event(
                    f"{notice.decision_id}-{told}",
                    EVENTS[told],
                    outcome,
                    anonymous_id=None,
                    user_id=None,
                    channel=notice.exchange,
                    now_us=request.now_us,
                )
            ]
        )
        return Response(204, headers=_NO_STORE)

    def _read(self, token: str) -> BidNotice:
        payload = self._signer.verify(token, PURPOSE)
        try:
            return _decoder.decode(payload)
        except msgspec.MsgspecError as error:
            raise NotFound from error

    def _price(self, notice: BidNotice, request: Request) -> int | None:
        """Return the price that the exchange filled in, None when it did not."""
        try:
            price = float(request.query.get("price", ""))
        except ValueError:
            return None
        if not isfinite(price) or not 0 <= price < 1e9:
            return None
        said = request.query.get("cur", "")
        return self._rates.heard(price, said if len(said) == 3 else notice.cur, notice.currency)

    async def _charge(self, notice: BidNotice, cpm_minor: int, now_us: int) -> int:
        """Spend what the impression costs, once however often it is told; return the cost."""
        decision_id = notice.decision_id
        amounts = dict.fromkeys(notice.counters, cost_of(cpm_minor, decision_id))
        return await charge(self._ledger, lease_key(decision_id), amounts, decision_id, now_us)

    async def _free(self, notice: BidNotice, now_us: int) -> None:
        try:
            await self._ledger.release(lease_key(notice.decision_id), now_us)
        except (NotFound, Conflict):
            return  # it was never leased, or was billed: what is spent stays spent


def _at_most(cpm_minor: int | None, bid_cpm_minor: int) -> int:
    return bid_cpm_minor if cpm_minor is None else min(cpm_minor, bid_cpm_minor)


def _reason(request: Request) -> int | None:
    said = request.query.get("reason", "")
    return int(said) if said.isdecimal() and len(said) <= 4 else None
