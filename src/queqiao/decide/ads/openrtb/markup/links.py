"""Where an ad on a foreign page tells what became of it."""

from msgspec import Struct


class Links(Struct, frozen=True):
    """Whole addresses on our server; ``click`` leads on to the landing page."""

    impression: str
    view: str
    click: str
