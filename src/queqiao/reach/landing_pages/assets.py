"""The stylesheet and the script of pages: named by their content, kept by browsers for ever."""

import gzip
import re
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from queqiao.kernel.errors import NotFound
from queqiao.kernel.http import Request, Response
from queqiao.reach.landing_pages.themes import stylesheet

_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_NAME = re.compile(r"page-[0-9a-f]{16}\.(css|js)", re.ASCII)


class Asset(NamedTuple):
    """One file: the name that holds its digest, and its bytes plain and zipped."""

    name: str
    body: bytes
    zipped: bytes


@cache
def asset(ending: str) -> Asset:
    """Return the stylesheet (``css``) or the script (``js``)."""
    text = (files(__package__) / f"page.{ending}").read_text("utf-8")
    body = (stylesheet() + text if ending == "css" else text).encode()
    name = f"page-{sha256(body).hexdigest()[:16]}.{ending}"
    return Asset(name, body, gzip.compress(body, 9, mtime=0))


def path(ending: str) -> str:
    """Return the path at which the file is served."""
    return f"/p/assets/{asset(ending).name}"


def answer(request: Request) -> Response:
    """Return a file by name. Raises NotFound.

    A page of another version of ours may ask for its own file: it gets the present one, which is
    not to be kept under that name.
    """
    found = _NAME.fullmatch(request.params["name"])
    if found is None:
        raise NotFound
    known = asset(found[1])
    kept = _FOR_EVER if known.name == found[0] else "no-store"
    said = [
        ("cache-control", kept),
        ("vary", "accept-encoding"),
        ("x-content-type-options", "nosniff"),
    ]
    if "gzip" in request.headers.get("accept-encoding", ""):
        said.append(("content-encoding", "gzip"))
        return Response(200, known.zipped, _TYPES[found[1]], tuple(said))
    return Response(200, known.body, _TYPES[found[1]], tuple(said))
