"""What operators ask of a campaign's day: ``GET /api/v1/campaigns/{id}/pacing``."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from queqiao.decide.ads.budgets import counter
from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.pacing import book as books
from queqiao.decide.ads.pacing import guarantees
from queqiao.decide.ads.pacing.book import Book, CampaignDay, Setting
from queqiao.decide.ads.pacing.control import UNIT
from queqiao.decide.ads.pacing.day import HALF_HOUR_US, TICKS_OF_A_HALF_HOUR, Day, day_of
from queqiao.decide.ads.pacing.guarantees import Weeks
from queqiao.decide.ads.pacing.learning import Edit, begun_us, learning
from queqiao.decide.ads.pacing.messages import (
    CampaignPacing,
    GuaranteeWindow,
    MultiplierPoint,
    PlanPoint,
)
from queqiao.decide.ads.pacing.worth import Results, results
from queqiao.kernel.clock import HOUR_US, format_rfc3339
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

PACE_TICKS = 6
"""The pace is that of the last hour."""


class PacingOffice(Struct, frozen=True):
    """Answers operators. Campaigns are read from the records, live or not."""

    records: Records
    ledger: Ledger
    warehouse: Warehouse
    zone: str

    async def pacing(self, campaign_id: str, now_us: int) -> CampaignPacing:
        """Return a campaign's day. Raises NotFound."""
        edits, book = await self.records.read(lambda conn: _read(conn, campaign_id))
        campaign, day = edits[-1].campaign, day_of(now_us, self.zone)
        today = book.campaigns.get(campaign_id) if book.day == day.name else None
        name = counter(campaign_id, day.name)
        balance = (await self.ledger.balances([name]))[name]
        found = await results(self.warehouse, begun_us(edits))
        known = found.get(campaign_id, Results())
        budget, spent = campaign.daily_budget_minor, balance.spent
        left = max(0, budget - spent - balance.leased)
        return CampaignPacing(
            campaign_id=campaign_id,
            currency=campaign.currency,
            strategy=campaign.strategy,
            day=day.name,
            at=format_rfc3339(book.at_us) if today else None,
            budget_minor=budget,
            spent_minor=spent,
            leased_minor=balance.leased,
            left_minor=left,
            expected_minor=today.expected_minor if today else 0,
            runs_out_at=_runs_out_at(day, today, (spent, left), now_us),
            plan=_plan(day, today, campaign, spent, now_us),
            multipliers=[_multiplier(day, each) for each in (today.settings if today else ())],
            learning=learning(edits, known, today, spent, now_us),
            guarantee=await self._guarantee(campaign_id, edits, now_us),
        )

    async def _guarantee(
        self, campaign_id: str, edits: list[Edit], now_us: int
    ) -> list[GuaranteeWindow]:
        """Return the weeks of the cost guarantee, newest first."""
        weeks = Weeks(self.ledger, self.warehouse, self.zone)
        unsettled = await weeks.unsettled(campaign_id, edits, now_us)
        judged = await self.records.read(guarantees.read)
        return [*unsettled, *judged.windows(campaign_id)]


def handlers(office: PacingOffice) -> list[Route]:
    """Return the routes of the console role."""

    async def pacing(request: Request) -> Response:
        campaign_id = clean(request.params["id"], "id", 128)
        return json_response(await office.pacing(campaign_id, request.now_us))

    return [
        Route(
            "GET", "/api/v1/campaigns/{id}/pacing", pacing,
            Message("计划今天的节奏、出价与学习期", "A campaign's plan, spend and learning today"),
            "read", response_type=CampaignPacing, tags=("campaigns",),
        )
    ]  # fmt: skip


def _read(conn: Connection, campaign_id: str) -> tuple[list[Edit], Book]:
    edits = guarantees.edits_of(conn, campaign_id)
    found = artifacts.get(conn, books.ARTIFACT)
    return edits, books.decode(found[1] if found else None)


def _plan(
    day: Day, today: CampaignDay | None, campaign: Campaign, spent: int, now_us: int
) -> list[PlanPoint]:
    """Return the plan by half hour, with what was spent by the end of each."""
    if today is None:
        return []
    points = []
    ticks = len(today.plan_ppm)
    for end in range(TICKS_OF_A_HALF_HOUR, ticks + 1, TICKS_OF_A_HALF_HOUR):
        share_ppm = today.plan_ppm[end - 1]
        is_over = day.at_us(end) <= now_us
        is_now = not is_over and now_us >= day.at_us(end) - HALF_HOUR_US
        by_then = _spent_by(today.settings, end, spent) if is_over else spent
        points.append(
            PlanPoint(
                format_rfc3339(day.at_us(end)),
                share_ppm,
                campaign.daily_budget_minor * share_ppm // UNIT,
                by_then if is_over or is_now else None,
            )
        )
    return points


def _spent_by(settings: Sequence[Setting], tick: int, now_minor: int) -> int:
    """Return what was spent when a tick began: what the first setting from then on saw."""
    return next((each.spent_minor for each in settings if each.tick >= tick), now_minor)


def _multiplier(day: Day, setting: Setting) -> MultiplierPoint:
    return MultiplierPoint(
        format_rfc3339(day.at_us(setting.tick)),
        setting.multiplier_ppm,
        setting.probability_ppm,
        setting.bid_minor,
    )


def _runs_out_at(
    day: Day, today: CampaignDay | None, money: tuple[int, int], now_us: int
) -> str | None:
    """Return when the budget ends at the pace of the last hour; None when the day ends first."""
    if today is None or not today.settings:
        return None
    spent, left = money
    first = next(
        each for each in today.settings if each.tick >= today.settings[-1].tick - PACE_TICKS
    )
    took_us = now_us - day.at_us(first.tick)
    pace = (spent - first.spent_minor) * HOUR_US // took_us if took_us > 0 else 0
    if pace <= 0:
        return None
    at_us = now_us + left * HOUR_US // pace
    return format_rfc3339(at_us) if at_us < day.ends_us else None
