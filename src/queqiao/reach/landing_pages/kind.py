"""The document kind of landing pages."""

from queqiao.kernel.documents import DocumentKind
from queqiao.reach.landing_pages.checks import check_landing_page
from queqiao.reach.landing_pages.document import LandingPageDocument

LANDING_PAGE = DocumentKind(
    "landing_page", "landing-pages", LandingPageDocument, check_landing_page
)
