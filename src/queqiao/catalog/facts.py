"""What rules ask of goods."""

from typing import NamedTuple


class Facts(NamedTuple):
    """What rules ask of goods beside their price."""

    categories: tuple[str, ...] = ()
    brand: str | None = None
    shop: str | None = None
    tags: tuple[str, ...] = ()
    tax_category: str | None = None
