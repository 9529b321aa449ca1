"""What other stages may know of promotions: the document kinds, the quote, the redemption."""

from queqiao.decide.promotions.check_profile import check_profile
from queqiao.decide.promotions.checks import check_promotion
from queqiao.decide.promotions.coupons.checks import check_coupon_batch
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.profile import Profile, ProfileDocument
from queqiao.decide.promotions.documents.promotion import InlinePromotion, PromotionDocument
from queqiao.kernel.documents import DocumentKind

PROMOTION = DocumentKind("promotion", "promotions", PromotionDocument, check_promotion)
COUPON_BATCH = DocumentKind(
    "coupon_batch", "coupon-batches", CouponBatchDocument, check_coupon_batch
)
PROFILE = DocumentKind("profile", "calculation-profiles", ProfileDocument, check_profile)
KINDS = (PROMOTION, COUPON_BATCH, PROFILE)

__all__ = [
    "COUPON_BATCH",
    "KINDS",
    "PROFILE",
    "PROMOTION",
    "CouponBatchDocument",
    "InlinePromotion",
    "Profile",
    "ProfileDocument",
    "PromotionDocument",
]
