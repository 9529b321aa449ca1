"""Every error of the console as a problem document, the framework's own among them."""

from collections.abc import Mapping
from typing import Any

import structlog
from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar.exceptions import HTTPException

from queqiao.kernel import errors
from queqiao.kernel.errors import Broken, CallerError, QueqiaoError
from queqiao.kernel.http import language_of
from queqiao.kernel.problem import CONTENT_TYPE, problem
from queqiao.operate.credentials import RandomBytes

log = structlog.get_logger()

_BY_STATUS: Mapping[int, type[QueqiaoError]] = {
    400: errors.InvalidInput,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
    429: errors.TooManyRequests,
}


class Problems:
    """The application's exception handler."""

    def __init__(self, random: RandomBytes) -> None:
        self._random = random

    def __call__(
        self, request: LitestarRequest[Any, Any, Any], error: Exception
    ) -> LitestarResponse[bytes]:
        """Return the answer to an error; a fault of ours is logged under its trace id."""
        told = in_the_tree(error)
        trace_id = request.scope["state"].get("trace_id") or self._random(8).hex()
        if told.status >= 500:
            log.error("request failed", trace_id=trace_id, code=told.code, exc_info=error)
        body = problem(told, language_of(request.headers.get("accept-language")), trace_id)
        headers = _headers(told)
        if isinstance(error, HTTPException) and error.headers and "allow" in error.headers:
            headers["allow"] = error.headers["allow"]
        return LitestarResponse(
            body, media_type=CONTENT_TYPE, status_code=told.status, headers=headers
        )


def in_the_tree(error: Exception) -> QueqiaoError:
    """Return the error of our tree that says the same; the framework's text is left out."""
    if isinstance(error, QueqiaoError):
        return error
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _BY_STATUS.get(error.status_code, CallerError)()
    return Broken()


def _headers(error: QueqiaoError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(error.retry_after_s)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status == 413:
        headers["connection"] = "close"
    return headers
