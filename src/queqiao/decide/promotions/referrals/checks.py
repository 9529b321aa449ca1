"""What the type of a referral programme cannot say: each error names path and cure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from queqiao.decide.promotions.documents.referral_programme import ReferralProgrammeDocument
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message

CODE = "{code}"
_LATER = Message("须晚于 starts_at", "must be later than starts_at")
_LINK = Message(
    "须为含 {code} 的 http(s) 网址，或留空", "an http(s) address with {code} in it, or nothing"
)
_MORE = Message("不能超过 rewards_total", "at most rewards_total")


def check_referral_programme(document: ReferralProgrammeDocument) -> None:
    """Raise InvalidInput with every field of a programme that cannot stand."""
    errors = [*_time_errors(document), *_link_errors(document.link)]
    if document.rewards_per_month > document.rewards_total:
        errors.append(FieldError("rewards_per_month", _MORE))
    if errors:
        raise InvalidInput(*errors)


def _time_errors(document: ReferralProgrammeDocument) -> Iterator[FieldError]:
    moments = {}
    for path in ("starts_at", "ends_at"):
        text = getattr(document, path)
        try:
            moments[path] = None if text is None else parse_rfc3339(text, path)
        except InvalidInput as error:
            yield from error.fields
    starts_us, ends_us = moments.get("starts_at"), moments.get("ends_at")
    if starts_us is not None and ends_us is not None and ends_us <= starts_us:
        yield FieldError("ends_at", _LATER)


def _link_errors(link: str) -> Iterator[FieldError]:
    if not link:
        return
    try:
        parts = urlsplit(link.replace(CODE, "0"))
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or CODE not in link:
        yield FieldError("link", _LINK)
