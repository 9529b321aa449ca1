"""Errors on the wire: RFC 9457 problem details. Never echoes input."""

from typing import Any

import msgspec

from queqiao.kernel.errors import FieldError, Message, QueqiaoError, tree

CONTENT_TYPE = "application/problem+json"


class ProblemField(msgspec.Struct, omit_defaults=True):
    """One wrong field: its JSON path, and the cure in words."""

    path: str
    detail: str


class Problem(msgspec.Struct, omit_defaults=True):
    """The problem document. ``type`` and ``code`` are stable; ``title`` follows the language."""

    type: str
    code: str
    title: str
    status: int
    detail: str | None = None
    errors: list[ProblemField] = []
    reason: str | None = None
    trace_id: str | None = None


def describe(error: QueqiaoError, language: str, trace_id: str | None) -> Problem:
    """Return the problem document of an error in ``"zh"`` or ``"en"``."""
    return Problem(
        type=f"urn:queqiao:problem:{error.code}",
        code=error.code,
        title=error.title.in_language(language),
        status=error.status,
        detail=error.detail.in_language(language) if error.detail else None,
        errors=[
            ProblemField(path, message.in_language(language)) for path, message in error.fields
        ],
        reason=error.reason,
        trace_id=trace_id,
    )


def problem(error: QueqiaoError, language: str, trace_id: str | None) -> bytes:
    """Return the problem document as JSON bytes."""
    return msgspec.json.encode(describe(error, language, trace_id))


class WireError(msgspec.Struct):
    """An error of the tree between two of our processes, whole and in both languages."""

    code: str
    detail: Message | None = None
    fields: list[FieldError] = []
    retry_after_s: int | None = None
    reason: str | None = None


def to_wire(error: QueqiaoError) -> WireError:
    """Return the form in which an error crosses to another process."""
    return WireError(
        error.code, error.detail, list(error.fields), error.retry_after_s, error.reason
    )


def from_wire(wire: WireError) -> QueqiaoError:
    """Return the error that another process sent, as the same class of the tree."""
    kind = tree().get(wire.code, QueqiaoError)
    error: Any = kind.__new__(kind)
    QueqiaoError.__init__(
        error,
        wire.detail,
        fields=tuple(wire.fields),
        retry_after_s=wire.retry_after_s,
        reason=wire.reason,
    )
    return error  # type: ignore[no-any-return]  # built by hand: the classes' constructors differ
