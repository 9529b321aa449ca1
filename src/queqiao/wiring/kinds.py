"""The kinds of documents of the whole system."""

from collections.abc import Mapping

from queqiao.collect.offline.mapping_document import IMPORT_MAPPING
from queqiao.collect.schemas_document import EVENT_SCHEMA, check_live_event_schema
from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT
from queqiao.decide.ads.groups.document import AD_GROUP, CREATIVE
from queqiao.decide.ads.groups.publishing import check_live_ad_group
from queqiao.decide.ads.inventory.deal import DEAL
from queqiao.decide.ads.inventory.publishing import DealDesk
from queqiao.decide.ads.openrtb.exchange.contracts import (
    BIDDER,
    PUBLISHER,
    STORED_REQUEST,
)
from queqiao.decide.ads.openrtb.exchange.contracts import HIDDEN_FIELDS as BIDDER_HIDDEN_FIELDS
from queqiao.decide.ads.openrtb.exchange.publishing import check_change_bidder
from queqiao.decide.ads.pacing.trials import check_live_campaign
from queqiao.decide.ads.wallets.contracts import ADVERTISER
from queqiao.decide.ads.wallets.publishing import check_change_advertiser
from queqiao.decide.promotions.cards.contracts import CARD_PRODUCT
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROFILE, PROMOTION
from queqiao.decide.promotions.coupons.publishing import check_live_coupon_batch
from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.publishing import check_live_flash_sale
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.publishing import check_live_points_programme
from queqiao.decide.promotions.publishing import check_live_promotion
from queqiao.decide.promotions.referrals.contracts import REFERRAL_PROGRAMME
from queqiao.decide.promotions.referrals.publishing import OnesOwn, check_live_referral_programme
from queqiao.kernel.documents import DocumentKind
from queqiao.operate.contracts import Handling
from queqiao.ports.keyring.base import Keyring
from queqiao.profile.contracts import SEGMENT
from queqiao.reach.contracts import HIDDEN_FIELDS, WEBHOOK, prepare_webhook
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.wiring import rehearsals
from queqiao.wiring.landing_pages import check_live_page
from queqiao.wiring.settings import Settings

KINDS: tuple[DocumentKind, ...] = (
    EVENT_SCHEMA,
    IMPORT_MAPPING,
    PROMOTION,
    COUPON_BATCH,
    PROFILE,
    CARD_PRODUCT,
    POINTS_PROGRAMME,
    REFERRAL_PROGRAMME,
    FLASH_SALE,
    PLACEMENT,
    ADVERTISER,
    CAMPAIGN,
    AD_GROUP,
    CREATIVE,
    BIDDER,
    PUBLISHER,
    STORED_REQUEST,
    DEAL,
    SEGMENT,
    WEBHOOK,
    LANDING_PAGE,
)


def handlings(keyring: Keyring, settings: Settings) -> Mapping[str, Handling]:
    """Return what single kinds ask of the generic router."""
    said = settings.promotions
    deals = DealDesk(settings.shop.timezone)
    ones_own = OnesOwn(said.points_daily_per_operator, said.credit_daily_minor_per_operator)
    return {
        EVENT_SCHEMA.name: Handling(check_live=check_live_event_schema),
        PROMOTION.name: Handling(
            check_live=check_live_promotion,
            dangers=rehearsals.dangers(settings),
        ),
        COUPON_BATCH.name: Handling(
            check_live=check_live_coupon_batch,
            dangers=rehearsals.batch_dangers(settings),
        ),
        FLASH_SALE.name: Handling(check_change=check_live_flash_sale),
        CAMPAIGN.name: Handling(check_live=check_live_campaign),
        DEAL.name: Handling(check_change=deals.check_change, dangers=deals.dangers),
        AD_GROUP.name: Handling(check_live=check_live_ad_group),
        ADVERTISER.name: Handling(check_change=check_change_advertiser),
        BIDDER.name: Handling(
            hidden=BIDDER_HIDDEN_FIELDS, keyring=keyring, check_change=check_change_bidder
        ),
        POINTS_PROGRAMME.name: Handling(check_change=check_live_points_programme),
        REFERRAL_PROGRAMME.name: Handling(
            check_change=check_live_referral_programme, dangers=ones_own.dangers
        ),
        LANDING_PAGE.name: Handling(check_live=check_live_page),
        WEBHOOK.name: Handling(prepare=prepare_webhook, hidden=HIDDEN_FIELDS, keyring=keyring),
    }
