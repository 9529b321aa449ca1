"""What cannot stand in how a promotion stacks: each error names path and cure."""

from collections.abc import Iterator

from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.kernel.errors import FieldError, Message


def stacking_errors(document: PromotionDocument) -> Iterator[FieldError]:
    """Yield an error for each field that another one takes back."""
    combines = document.combines_with
    if document.exclusive and combines:
        message = Message(
            "独享的促销不与任何促销同享，请删去", "nothing stands beside an exclusive one"
        )
        yield FieldError("combines_with", message)
    for index, name in enumerate(document.excludes):
        if name in (combines or ()):
            message = Message(
                "与 combines_with 矛盾，请删去其一", "it is in combines_with; remove one"
            )
            yield FieldError(f"excludes[{index}]", message)
