"""What others may know of referrals: the document kind."""

from queqiao.decide.promotions.documents.referral_programme import ReferralProgrammeDocument
from queqiao.decide.promotions.referrals.checks import check_referral_programme
from queqiao.kernel.documents import DocumentKind

REFERRAL_PROGRAMME = DocumentKind(
    "referral_programme",
    "referral-programmes",
    ReferralProgrammeDocument,
    check_referral_programme,
)

__all__ = ["REFERRAL_PROGRAMME", "ReferralProgrammeDocument"]
