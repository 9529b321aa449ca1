"""JSON at the door: bounded, finite, storable, and every error with its path."""

import re
from typing import Any, TypeVar

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message, TooLarge
from queqiao.kernel.text import refuse_unstorable
from queqiao.kernel.type_faults import type_fault

T = TypeVar("T")

DEPTH_MAX = 64
"""Nesting beyond this is refused before the parser, which recurses."""

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},:]', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SUSPECT = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|\x00", re.ASCII)
_PATH = re.compile(r" - at `(?:key in )?\$?\.?(?P<path>[^`]*)`$")
_UNKNOWN = "Object contains unknown field `"
_PLAIN_NAME = re.compile(r"(?P<name>[\w.$-]{1,64})`(?: - at |$)")
_NO_SUCH_FIELD = Message(
    "没有这个字段，请改正名称或删去",
    "there is no such field; correct its name or remove it",
)
_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Return compact JSON bytes."""
    return _encoder.encode(value)


def check(body: bytes, size_max: int | None = None, brackets: int = DEPTH_MAX) -> None:
    """Raise before parsing what a parser must not see: too large, too deep, NUL, surrogates.

    A body of at most so many opening ``brackets`` is not looked at for depth, which takes long:
    for long flat lists of types that do not nest.
    """
    if size_max is not None and len(body) > size_max:
        raise TooLarge(Message(f"最多 {size_max} 字节", f"at most {size_max} bytes"))
    if body.count(b"[") + body.count(b"{") > brackets:
        _check_depth(body)
    if (b"\\u" in body or b"\x00" in body) and _SUSPECT.search(body):
        _check_text(body)


def _check_depth(body: bytes) -> None:
    depth = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            message = Message(f"嵌套最多 {DEPTH_MAX} 层", f"nested deeper than {DEPTH_MAX} levels")
            raise InvalidInput(FieldError(_deepest(body), message))


def _deepest(body: bytes) -> str:
    """Return the path of what is nested too deep; names that are long or odd are left out."""
    steps: list[str] = []
    name = ""
    for token in _TOKENS.finditer(body):
        text = token[0]
        if text in b"[{":
            steps.append("[0]" if text == b"[" else "")
            if len(steps) > DEPTH_MAX:
                break
        elif text[:1] == b'"':
            plain = _PLAIN_NAME.match(text[1:-1].decode("utf-8", "replace") + "`")
            name = plain["name"] if plain else "…"
        elif steps:
            _step(steps, text, name)
    return "".join(steps[:DEPTH_MAX]).removeprefix(".")


def _step(steps: list[str], token: bytes, name: str) -> None:
    """Take a step within what is open: to the end of it, the next element, or a member."""
    if token in b"]}":
        steps.pop()
    elif token == b":":
        steps[-1] = f".{name}"
    elif steps[-1].startswith("["):
        steps[-1] = f"[{int(steps[-1][1:-1]) + 1}]"


def _check_text(body: bytes) -> None:
    """Decode in full, since an escape may be a proper surrogate pair, and look at every string."""
    _walk(_parse(body, Any), "")


def _walk(value: Any, path: str) -> None:
    if isinstance(value, str):
        refuse_unstorable(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            refuse_unstorable(key, path)
            _walk(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(item, f"{path}[{index}]")


def decode(body: bytes, kind: type[T], size_max: int | None = None, brackets: int = DEPTH_MAX) -> T:
    """Return ``body`` as ``kind``. Raises InvalidInput with the JSON path, or TooLarge."""
    check(body, size_max, brackets)
    value: T = _parse(body, kind)
    return value


def _parse(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(field_error(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        message = Message("不是合法的 JSON", "not well-formed JSON")
        raise InvalidInput(FieldError("", message)) from error


def field_error(error: msgspec.ValidationError, prefix: str = "") -> FieldError:
    """Return which field msgspec refused and why, without the refused value.

    A field that there is not is named itself, where its name is short and plain.
    """
    text = str(error)
    found = _PATH.search(text)
    path = found["path"].removeprefix(".") if found else ""
    if text.startswith(_UNKNOWN):
        plain = _PLAIN_NAME.match(text, len(_UNKNOWN))
        named = (prefix, path, plain["name"] if plain else "")
        return FieldError(".".join(part for part in named if part), _NO_SUCH_FIELD)
    reason = text[: found.start()] if found else text
    joined = ".".join(part for part in (prefix, path) if part)
    return FieldError(joined, type_fault(reason))
