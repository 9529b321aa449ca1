"""Bounds that the documents share. Amounts are integers in minor units of the cart's currency."""

from typing import Annotated

from msgspec import Meta, Struct

AMOUNT_MAX = 10**12
"""Bound of one amount in a rule: ten thousand million yuan is a slip of the keyboard."""

Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Price = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Count = Annotated[int, Meta(ge=1, le=10**9)]
Share = Annotated[int, Meta(ge=0, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Meta(max_length=10_000)]


class Document(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a document: an unknown field is a slip, so it is refused by its path."""
