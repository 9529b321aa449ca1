"""Where an ad on a foreign page tells what became of it."""

from msgspec import Struct


class Links(Struct, frozen=True):
    """Whole addresses on our server; ``click`` leads on to the landing page.

    ``step`` has ``{step}`` in the place of what else is told; ``serving_id`` names this one ad.
    """

    impression: str
    view: str
    click: str
    step: str
    serving_id: str
