"""Answers that a page of any site may read, refusals too.

A browser hides an answer without these lines from the script that asked: a client would take a
refusal for a broken network, and retry for ever what can never be taken.
"""

import re

from queqiao.kernel.errors import QueqiaoError
from queqiao.kernel.http import Request, Response
from queqiao.kernel.problem import CONTENT_TYPE, problem

Lines = tuple[tuple[str, str], ...]

ANY_SITE: Lines = (("access-control-allow-origin", "*"),)
EXPOSED = ("access-control-expose-headers", "retry-after")
_USUAL_HEADERS = "authorization, content-type, content-encoding, x-retry-count"
_HEADER_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,500}", re.ASCII)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[A-Za-z0-9.:\[\]_-]{1,253}|null", re.ASCII)


def with_cookies(request: Request) -> Lines:
    """Return the lines for a client that sends its cookies along: they must name the site.

    No cookie means anything here, so naming any site gives nothing away.
    """
    origin = request.headers.get("origin", "")
    if not _ORIGIN.fullmatch(origin):
        return ANY_SITE
    return (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("vary", "origin"),
    )


def refusal(error: QueqiaoError, request: Request, lines: Lines = (*ANY_SITE, EXPOSED)) -> Response:
    """Return the problem document of a refusal. A defect of ours is raised again, to be logged."""
    if error.status == 500:
        raise error
    if error.retry_after_s is not None:
        lines = (*lines, ("retry-after", str(error.retry_after_s)))
    if error.status == 401:
        lines = (*lines, ("www-authenticate", "Bearer"))
    return Response(error.status, problem(error, request.language, None), CONTENT_TYPE, lines)


def preflight(request: Request) -> Response:
    """Return what a browser asks before it sends: any site may, with the lines that it named."""
    asked = request.headers.get("access-control-request-headers", "")
    allowed = asked if _HEADER_NAMES.fullmatch(asked) else _USUAL_HEADERS
    return Response(
        204,
        headers=(
            *with_cookies(request),
            ("access-control-allow-methods", "POST, GET, OPTIONS"),
            ("access-control-allow-headers", allowed),
            ("access-control-max-age", "86400"),
        ),
    )
