"""What an ad group needs of other documents before it goes live, or changes while it is."""

from sqlalchemy import Connection

from queqiao.decide.ads.contracts import CAMPAIGN, Campaign
from queqiao.decide.ads.groups.document import CREATIVE, AdGroup
from queqiao.decide.ads.prices import dearest_minor
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Stored

_NO_CAMPAIGN = Message(
    "没有这个广告计划，或已归档；请先创建",
    "there is no such campaign, or it is archived; make it first",
)
_NO_CREATIVE = Message("没有这个创意；请先创建", "there is no such creative; make it first")
_NOT_LIVE = Message("这个创意未发布；请先发布", "this creative is not live; publish it first")
_ABOVE_BUDGET = Message(
    "不能高于广告计划的日预算，否则一次也买不起",
    "must not be above the campaign's daily budget, or it could not pay for one",
)
_STEERED = Message(
    "自动出价的计划各组须与计划同一出价方式",
    "must be the campaign's pricing: a strategy steers all its groups by one measure",
)


def check_live_ad_group(group: AdGroup, conn: Connection) -> None:
    """Raise InvalidInput with every document that is missing."""
    wrong = []
    campaign = _find(conn, CAMPAIGN, group.campaign)
    if campaign is None or campaign.state == "archived":
        wrong.append(FieldError("campaign", _NO_CAMPAIGN))
    else:
        wrong += _beside(group, campaign.document)
    for index, creative_id in enumerate(group.creatives):
        creative = _find(conn, CREATIVE, creative_id)
        if creative is None or creative.state != "live":
            message = _NO_CREATIVE if creative is None else _NOT_LIVE
            wrong.append(FieldError(f"creatives[{index}]", message))
    if wrong:
        raise InvalidInput(*wrong)


def _beside(group: AdGroup, campaign: Campaign) -> list[FieldError]:
    """Return what is wrong with a group under its campaign."""
    wrong = []
    if dearest_minor(group.pricing, group.bid_minor) > campaign.daily_budget_minor:
        wrong.append(FieldError("bid_minor", _ABOVE_BUDGET))
    if campaign.strategy.is_automatic and group.pricing != campaign.pricing:
        wrong.append(FieldError("pricing", _STEERED))
    return wrong


def _find(conn: Connection, kind: DocumentKind, document_id: str) -> Stored | None:
    try:
        return documents.get(conn, kind, document_id)
    except NotFound:
        return None
