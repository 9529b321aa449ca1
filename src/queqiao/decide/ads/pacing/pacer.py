"""The periodic job: when a tick begins, what each campaign bids is reckoned anew and published.

It reads what was spent (the ledger, exact) and what was won, clicked and converted (the warehouse),
steers each campaign (``steering.py``) and writes two artifacts in one step: the controls that
decisions follow within a second, and the book of the day. Whoever starts anew reads the book and
goes on; a tick that passed without anybody is not made up for, the plan is caught up with.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.ads.budgets import counter
from queqiao.decide.ads.contracts import CAMPAIGN, Campaign
from queqiao.decide.ads.groups.document import AD_GROUP, AdGroup
from queqiao.decide.ads.pacing import book as books
from queqiao.decide.ads.pacing import control, trials
from queqiao.decide.ads.pacing.book import Book, CampaignDay, Setting
from queqiao.decide.ads.pacing.control import UNIT, Control
from queqiao.decide.ads.pacing.day import Day, day_of, planned, traffic_of
from queqiao.decide.ads.pacing.steering import Situation, Tick, steer
from queqiao.decide.ads.pacing.supply import Taken, Today, Usual, today, together, usual_days
from queqiao.decide.ads.pacing.worth import Results, recent_results, worth_of
from queqiao.kernel.clock import SECOND_US, parse_rfc3339
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse

EVERY_S = 5.0
"""How soon a new campaign is steered, and how late after a tick's begin all are."""

SETTLED_AFTER_US = 60 * SECOND_US
"""How long after an ad is shown its click has probably come, if it comes."""

_NONE_TAKEN = Taken(0, ())


class Pacer:
    """Steers the campaigns that are bid for by themselves, or spread over the day."""

    def __init__(self, records: Records, ledger: Ledger, warehouse: Warehouse, zone: str) -> None:
        self._records = records
        self._ledger = ledger
        self._warehouse = warehouse
        self._zone = zone
        self._usual: tuple[str, Mapping[str, Usual]] = ("", MappingProxyType({}))

    async def run(self, now_us: int) -> int:
        """Steer those that were not steered in this tick; return how many those were."""
        day = day_of(now_us, self._zone)
        live, book = await self._records.read(_read)
        if book.day != day.name:
            book = Book(day.name, now_us)
        live = {name: each for name, each in live.items() if _open_in(each.document, now_us)}
        due = [name for name, each in live.items() if _is_due(book, each, day.tick(now_us))]
        gone = book.campaigns.keys() - live.keys()
        if not due and not gone:
            return 0
        kept = {name: each for name, each in book.campaigns.items() if name in live}
        if due:
            kept |= await self._steered(day, [live[name] for name in due], book, now_us)
        await self._publish(Book(day.name, now_us, kept), now_us)
        return len(due)

    async def _steered(
        self, day: Day, due: Collection[Stored], book: Book, now_us: int
    ) -> dict[str, CampaignDay]:
        names = [each.id for each in due]
        counters = {name: counter(name, day.name) for name in names}
        balances = await self._ledger.balances(list(counters.values()))
        known = Known(
            await self.usual_days(day),
            await today(self._warehouse, day, names),
            await recent_results(self._warehouse, now_us),
            now_us,
        )
        return {
            each.id: steered_day(
                day,
                each,
                book.campaigns.get(each.id),
                balances[counters[each.id]].spent,
                known,
            )
            for each in due
        }

    async def usual_days(self, day: Day) -> Mapping[str, Usual]:
        """Return the usual day of every place, read once a day: a plan does not move."""
        if self._usual[0] != day.name:
            self._usual = day.name, await usual_days(self._warehouse, day, self._zone)
        return self._usual[1]

    async def _publish(self, book: Book, now_us: int) -> None:
        controls = [
            Control(name, each.settings[-1].multiplier_ppm, each.settings[-1].probability_ppm)
            for name, each in book.campaigns.items()
        ]

        def write(conn: Connection) -> None:
            artifacts.put(conn, control.ARTIFACT, control.encode(controls), now_us)
            artifacts.put(conn, books.ARTIFACT, books.encode(book), now_us)

        await self._records.write(write)


class Known(NamedTuple):
    """What is known at one moment: usual days by place, the day so far, results of late."""

    usual: Mapping[str, Usual]
    so_far: Today
    results: Mapping[str, Results]
    now_us: int


def steered_day(
    day: Day, stored: Stored, before: CampaignDay | None, spent_minor: int, known: Known
) -> CampaignDay:
    """Return a campaign's day with what is set of it now. Pure."""
    usual, so_far, results, now_us = known
    campaign: Campaign = stored.document
    began_us = max(day.begins_us, _starts_us(campaign)) if before is None else before.began_us
    if before is None and day.tick(began_us) < day.tick(now_us):
        began_us = now_us  # it was not live until now, or nobody looked
    places = together(usual, campaign.placements)
    traffic = tuple(traffic_of(day, places.half_hours, began_us, _ends_us(campaign)))
    settings = () if before is None else before.settings
    tick = day.tick(now_us)
    ticks = tuple(_ticks(settings, so_far, stored, tick))
    settled = tuple(_settled(day, tick - len(ticks) + at, now_us) for at in range(len(ticks)))
    known_now = Situation(
        strategy=campaign.strategy,
        pricing=campaign.pricing,
        bid_minor=campaign.bid_minor,
        budget_minor=campaign.daily_budget_minor,
        spent_minor=spent_minor,
        tick=tick,
        traffic=traffic,
        ticks=ticks,
        usual_prices=places.prices,
        worth=worth_of(results, stored.id),
        share_settled=settled,
    )
    found = steer(known_now)
    setting = Setting(
        tick, found.multiplier_ppm, found.probability_ppm, found.bid_minor, spent_minor
    )
    plan = tuple(round(share * UNIT) for share in planned(traffic))
    kept = CampaignDay(stored.revision, began_us, plan, settings)
    return replace(kept.with_setting(setting), expected_minor=found.expected_minor)


def _ticks(settings: tuple[Setting, ...], so_far: Today, stored: Stored, now: int) -> list[Tick]:
    """Return what happened in each tick from the first that was steered until now."""
    if not settings:
        return []
    found, by_tick = [], {each.tick: each for each in settings}
    last = settings[0]
    for tick in range(settings[0].tick, now):
        last = by_tick.get(tick, last)
        found.append(
            Tick(
                so_far.auctions(stored.document.placements, tick),
                so_far.taken.get((stored.id, tick), _NONE_TAKEN),
                last.bid_minor,
                last.probability_ppm,
            )
        )
    return found


def _settled(day: Day, tick: int, now_us: int) -> float:
    """Return the share of a tick's ads whose click has probably come by now, if it comes."""
    begins_us, ends_us = day.at_us(tick), day.at_us(tick + 1)
    until_us = min(max(now_us - SETTLED_AFTER_US, begins_us), ends_us)
    return (until_us - begins_us) / max(1, ends_us - begins_us)


def _read(conn: Connection) -> tuple[dict[str, Stored], Book]:
    """Return who is to be steered. Whose strategy was not tried since it changed is held."""
    found = artifacts.get(conn, books.ARTIFACT)
    passed = trials.passes(conn)
    groups: dict[str, list[AdGroup]] = {}
    for group in documents.live(conn, AD_GROUP):
        groups.setdefault(group.document.campaign, []).append(group.document)
    controlled = {
        each.id: replace(each, document=_with_groups(each.document, groups.get(each.id, [])))
        for each in documents.live(conn, CAMPAIGN)
        if each.document.strategy.is_controlled and trials.may_spend(each.document, passed)
    }
    return controlled, books.decode(found[1] if found else None)


def _with_groups(campaign: Campaign, groups: Sequence[AdGroup]) -> Campaign:
    """Return a campaign with the places of its groups, and the highest bid of all.

    What is set is a share of the bid, and each group bids that share of its own.
    """
    if not groups:
        return campaign
    places = dict.fromkeys([*campaign.placements, *(p for each in groups for p in each.placements)])
    highest = max(groups, key=lambda each: each.bid_minor)
    if campaign.bid_minor >= highest.bid_minor:
        return replace(campaign, placements=list(places))
    return replace(
        campaign,
        placements=list(places),
        bid_minor=highest.bid_minor,
        pricing=highest.pricing,
    )


def _is_due(book: Book, stored: Stored, tick: int) -> bool:
    known = book.campaigns.get(stored.id)
    return known is None or known.revision != stored.revision or known.settings[-1].tick != tick


def _open_in(campaign: Campaign, now_us: int) -> bool:
    return _starts_us(campaign) <= now_us < _ends_us(campaign)


def _starts_us(campaign: Campaign) -> int:
    return parse_rfc3339(campaign.starts_at) if campaign.starts_at else 0


def _ends_us(campaign: Campaign) -> int:
    return parse_rfc3339(campaign.ends_at) if campaign.ends_at else 1 << 62
