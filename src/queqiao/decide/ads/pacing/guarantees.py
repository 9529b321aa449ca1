"""Keeps the cost guarantee: judges each week once all is in, and gives back what is owed, once.

What is given back is noted as a payment under the campaign's and the week's name, with its audit
row in the same step, then moved by the ledger (``wallets/payments.py``), told as an event, and put
into the book. Whoever dies between any two of these leaves a payment that is found again: nothing
is reckoned a second time, and nothing is paid twice.

It goes to who paid for the week, whoever pays for the campaign now. A week is judged when the
warehouse has all that was told by then: a conversion that is not loaded yet would be paid for.
"""

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.ads.budgets import counter
from queqiao.decide.ads.charging import LATE_US
from queqiao.decide.ads.contracts import CAMPAIGN, SOURCE, Campaign
from queqiao.decide.ads.notice_events import new_event
from queqiao.decide.ads.pacing.guarantee import (
    GUARANTEED,
    WEEK_DAYS,
    Results,
    Week,
    in_force,
    judged,
    week_of,
)
from queqiao.decide.ads.pacing.learning import Edit
from queqiao.decide.ads.pacing.messages import GuaranteeWindow, WindowState
from queqiao.decide.ads.wallets import payments
from queqiao.decide.ads.wallets.contracts import ADVERTISER, Advertiser
from queqiao.decide.ads.wallets.payments import Kind, Payment, Payments
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import NotFound
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import artifacts, audit, documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import watermark

ARTIFACT = "ads_guarantees"
"""The name under which what was judged lies in ``ports/records/artifacts``."""

EVERY_S = 60.0
WEEKS_BACK = 5
"""A week that nobody judged so long after it could be is not judged any more."""
WEEKS_KEPT = 26
WEEKS_SHOWN = 3
"""So many weeks that are not judged yet are shown."""

EVENT = "Ad Cost Guaranteed"
ACTOR = "guarantee"

_CONVERTED = """
select decision_id, JSONExtractInt(properties, 'total_minor')
from history
where source = {source:String} and event = 'Ad Converted' and campaign_id = {campaign:String}
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  and timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
"""


class Guaranteed(Struct, omit_defaults=True):
    """The properties of ``Ad Cost Guaranteed``: what a week of a campaign gave back."""

    campaign_id: str
    advertiser: str
    window: str
    currency: str
    spent_minor: int
    conversions: int
    target_minor: int
    credit_minor: int


class Judged(Struct, frozen=True, array_like=True):
    """What was judged, by campaign, newest week first."""

    campaigns: dict[str, list[GuaranteeWindow]] = {}

    def windows(self, campaign_id: str) -> list[GuaranteeWindow]:
        """Return the judged weeks of a campaign."""
        return self.campaigns.get(campaign_id, [])

    def knows(self, campaign_id: str, week: Week) -> bool:
        """Say whether a week was judged."""
        return any(each.window == week.name for each in self.windows(campaign_id))

    def having(self, campaign_id: str, found: GuaranteeWindow) -> "Judged":
        """Return it with one more week."""
        weeks = [each for each in self.windows(campaign_id) if each.window != found.window]
        weeks = sorted([found, *weeks], key=lambda each: each.window, reverse=True)
        return Judged(self.campaigns | {campaign_id: weeks[:WEEKS_KEPT]})


def read(conn: Connection) -> Judged:
    """Return what was judged so far."""
    found = artifacts.get(conn, ARTIFACT)
    return Judged() if found is None else msgspec.msgpack.decode(found[1], type=Judged)


def edits_of(conn: Connection, campaign_id: str) -> list[Edit]:
    """Return the revisions of a campaign, oldest first. Raises NotFound."""
    steps = documents.history(conn, CAMPAIGN, campaign_id)
    return [Edit(each.at_us, each.state == "live", each.document) for each in reversed(steps)]


class Weeks(Struct, frozen=True):
    """Knows what weeks cost and brought."""

    ledger: Ledger
    warehouse: Warehouse
    zone: str

    async def results(self, campaign_id: str, campaign: Campaign, week: Week) -> Results:
        """Return what a week cost and brought: a conversion counts where its ad was decided."""
        names = [counter(campaign_id, day) for day in week.days]
        spent = (await self.ledger.balances(names)).values()
        asked = {
            "source": SOURCE,
            "campaign": campaign_id,
            "since": week.begins_us,
            "until": week.ends_us + wait_of(campaign),
        }
        rows = (await self.warehouse.query(_CONVERTED, asked)).rows
        values = [value for decision_id, value in rows if _is_in(week, decision_id)]
        return Results(sum(each.spent for each in spent), len(values), sum(values))

    async def unsettled(
        self, campaign_id: str, edits: list[Edit], now_us: int
    ) -> list[GuaranteeWindow]:
        """Return this week and those that wait for late conversions, newest first."""
        campaign, found = edits[-1].campaign, []
        if campaign.strategy.kind not in GUARANTEED:
            return []
        for back in range(WEEKS_SHOWN):
            week = week_of(now_us - back * WEEK_DAYS * DAY_US, self.zone)
            if week.ends_us + wait_of(campaign) <= now_us or week.ends_us <= edits[0].at_us:
                break
            results = await self.results(campaign_id, campaign, week)
            state: WindowState = "open" if now_us < week.ends_us else "waiting"
            shown = judged(edits, week, results)
            found.append(replace(shown, state=state, credit_minor=0, reason=None))
        return found


class Guarantees:
    """Judges weeks and gives back what they cost too much."""

    def __init__(
        self,
        records: Records,
        ledger: Ledger,
        warehouse: Warehouse,
        event_log: EventLog,
        zone: str,
        *,
        end_of_log: Callable[[], int],
    ) -> None:
        self._records = records
        self._warehouse = warehouse
        self._end_of_log = end_of_log
        self._loaded_to: int | None = None
        self._event_log = event_log
        self._payments = Payments(ledger, records)
        self._weeks = Weeks(ledger, warehouse, zone)

    async def run(self, now_us: int) -> int:
        """Judge what can be judged by now; return how many weeks that was."""
        campaigns, known = await self._records.read(_read)
        due = [
            (campaign.id, week)
            for campaign in campaigns
            for week in self._settled(campaign, now_us)
            if not known.knows(campaign.id, week)
        ]
        if not due or not await self._is_loaded():
            return 0
        for campaign_id, week in due:
            await self._judge(campaign_id, week, now_us)
        return len(due)

    async def _is_loaded(self) -> bool:
        """Say whether the warehouse has what the log had when this was first asked.

        Not what it has now: under steady traffic it never has the last events.
        """
        if self._loaded_to is None:
            self._loaded_to = self._end_of_log()
        if (await watermark(self._warehouse)).offset < self._loaded_to:
            return False
        self._loaded_to = None
        return True

    def _settled(self, campaign: Stored, now_us: int) -> Iterator[Week]:
        """Yield its weeks all of whose conversions and costs are in, oldest first."""
        wait_us = wait_of(campaign.document)
        for back in range(WEEKS_BACK, -1, -1):
            week = week_of(now_us - wait_us - back * WEEK_DAYS * DAY_US, self._weeks.zone)
            if campaign.created_at_us < week.ends_us <= now_us - wait_us:
                yield week

    async def _judge(self, campaign_id: str, week: Week, now_us: int) -> None:
        edits = await self._records.read(lambda conn: edits_of(conn, campaign_id))
        campaign = in_force(edits, week).campaign
        found = judged(edits, week, await self._weeks.results(campaign_id, campaign, week))
        if found.credit_minor:
            found = await self._give_back(campaign_id, campaign, found, now_us)

        def write(conn: Connection) -> None:
            body = msgspec.msgpack.encode(read(conn).having(campaign_id, found))
            artifacts.put(conn, ARTIFACT, body, now_us)

        await self._records.write(write)

    async def _give_back(
        self, campaign_id: str, campaign: Campaign, found: GuaranteeWindow, now_us: int
    ) -> GuaranteeWindow:
        """Pay what is owed, or go on with what was noted; return the week as it was paid."""
        payment = await self._records.write(
            lambda conn: _noted(conn, campaign_id, campaign, found, now_us)
        )
        if payment is None:
            return replace(found, state="not_covered", credit_minor=0, reason="no_advertiser")
        await self._payments.finish(payment, now_us)
        found = replace(found, credit_minor=payment.amount)
        await self._tell(payment, campaign_id, campaign, found)
        return found

    async def _tell(
        self, payment: Payment, campaign_id: str, campaign: Campaign, found: GuaranteeWindow
    ) -> None:
        properties = Guaranteed(
            campaign_id=campaign_id,
            advertiser=campaign.advertiser,
            window=found.window,
            currency=campaign.currency,
            spent_minor=found.cost_minor,
            conversions=found.conversions,
            target_minor=found.target_minor,
            credit_minor=found.credit_minor,
        )
        event = new_event(
            f"{payment.id}-guaranteed",
            EVENT,
            properties,
            anonymous_id=None,
            user_id=None,
            channel="",
            now_us=payment.created_at_us,
        )
        await self._event_log.append([event])


def wait_of(campaign: Campaign) -> int:
    """Return how long after a week a conversion may be owed to it, or a click cost something."""
    days = max(campaign.attribution.click_days, campaign.attribution.view_days)
    return max(days * DAY_US, LATE_US)


def _is_in(week: Week, decision_id: str) -> bool:
    made_us = time_of_uuid7(decision_id)
    return made_us is not None and week.begins_us <= made_us < week.ends_us


def _read(conn: Connection) -> tuple[list[Stored], Judged]:
    """Return the campaigns that promise something and were ever live."""
    found = [
        each
        for state in ("live", "paused", "archived")
        for each in documents.in_state(conn, CAMPAIGN, state)
        if each.document.strategy.kind in GUARANTEED
    ]
    return found, read(conn)


def _noted(
    conn: Connection, campaign_id: str, campaign: Campaign, found: GuaranteeWindow, now_us: int
) -> Payment | None:
    """Note what is owed, or return what was noted; None where nobody pays for the campaign."""
    payment_id = payments.payment_id(
        campaign.advertiser, f"guarantee\x1f{campaign_id}\x1f{found.window}"
    )
    known = payments.find(conn, payment_id)
    if known is not None:
        return known
    advertiser = _advertiser(conn, campaign.advertiser)
    if advertiser is None:
        return None
    kind: Kind = "guarantee" if advertiser.payment == "prepaid" else "bill_credit"
    payment = Payment(
        payment_id, campaign.advertiser, kind, found.credit_minor,
        payments.credit_reference(campaign_id, found.window), ACTOR, now_us,
    )  # fmt: skip
    summary = f"week of {found.window}: {found.credit_minor} minor units given back"
    entry = audit.Entry("campaign.guarantee", CAMPAIGN.name, campaign_id, summary)
    audit.note(conn, audit.SYSTEM, entry, now_us)
    return payments.begin(conn, payment)


def _advertiser(conn: Connection, advertiser_id: str) -> Advertiser | None:
    try:
        found: Advertiser = documents.get(conn, ADVERTISER, advertiser_id).document
    except NotFound:
        return None
    return found
