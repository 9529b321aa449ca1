"""What else becomes of an ad that is shown: it is closed, its video runs so far, it fails.

A step is told at ``/t/{step}.{token}`` with the token of the ad's view, so that a decision needs no
more signatures than it had. Nothing is billed by a step. Each counts once a decision; what declared
bots and data centres tell is answered and not written.
"""

from typing import NamedTuple

from queqiao.kernel.http import Request, Response


class Step(NamedTuple):
    """The event that a step makes, and the end of its message id."""

    event: str
    suffix: str


STEPS: dict[str, Step] = {
    "close": Step("Ad Closed", "closed"),
    "start": Step("Ad Video Started", "started"),
    "firstQuartile": Step("Ad Video First Quartile", "first-quartile"),
    "midpoint": Step("Ad Video Midpoint", "midpoint"),
    "thirdQuartile": Step("Ad Video Third Quartile", "third-quartile"),
    "complete": Step("Ad Video Completed", "completed"),
    "skip": Step("Ad Video Skipped", "skipped"),
    "error": Step("Ad Failed", "failed"),
}
"""Steps by their names in VAST (IAB Tech Lab, VAST 4.2, section 3.14.1); ``error`` tells a code."""

QUARTILES = ("start", "firstQuartile", "midpoint", "thirdQuartile", "complete", "skip")
PLACE = "{step}"


def template_of(view_path: str) -> str:
    """Return where steps are told: the step's name goes in the place of ``{step}``."""
    before, slash, token = view_path.rpartition("/")
    return f"{before}{slash}{PLACE}.{token}"


def step_in(path_token: str) -> tuple[str, str] | None:
    """Return the step that a path's last part tells and its token, or None when it is another's."""
    name, dot, token = path_token.partition(".")
    return (name, token) if dot and name in STEPS else None


def detail_of(request: Request) -> str | None:
    """Return the code of an error, or the reason of a close, where one is told."""
    said = request.query.get("code", "")
    return said if 0 < len(said) <= 40 and said.isascii() and said.isprintable() else None


DONE = Response(204, b"", "text/plain", (("Cache-Control", "no-store"),))
