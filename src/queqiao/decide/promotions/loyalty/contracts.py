"""What others may know of points: the document kind."""

from queqiao.decide.promotions.documents.points_programme import PointsProgrammeDocument
from queqiao.decide.promotions.loyalty.checks import check_points_programme
from queqiao.kernel.documents import DocumentKind

POINTS_PROGRAMME = DocumentKind(
    "points_programme", "points-programmes", PointsProgrammeDocument, check_points_programme
)

__all__ = ["POINTS_PROGRAMME", "PointsProgrammeDocument"]
