"""A product of stored-value cards (储值卡、礼品卡)."""

from typing import Annotated

from msgspec import Meta

from queqiao.decide.promotions.documents.bounds import Amount, Document, Name

Days = Annotated[int, Meta(ge=1, le=36_600)]


class CardProductDocument(Document, frozen=True, omit_defaults=False):
    """Cards with money on them. Amounts are minor units of ``currency``.

    - ``count``: how many card codes there are; one holds nothing until it is activated (sold).
    - ``value``: what each is sold with; null: the till says it, up to ``balance_at_most``.
    - ``balance_at_most``: the most that a card may hold.
    - ``pin``: each card also has six digits, which whoever pays with it must know.
    - ``reloadable``: more can be put on it.
    - ``valid_days``: after activation, to the end of that hour; null: for ever.
    - ``hold_minutes``: how long an unpaid order holds money.
    """

    name: Name
    currency: Name
    count: Annotated[int, Meta(ge=1, le=100_000_000)]
    prefix: Annotated[str, Meta(max_length=16, pattern="^[A-Za-z0-9-]*$")] = ""
    value: Amount | None = None
    balance_at_most: Amount = 1_000_000
    pin: bool = True
    reloadable: bool = False
    valid_days: Days | None = None
    hold_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 30
