"""Markup is built by function, never by joining strings: text is always escaped.

Only ``Markup`` stands in a page as it is, and only ``tag`` and ``joined`` make it.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape

_VOID = frozenset({"br", "hr", "img", "link", "meta"})
_NAME = re.compile(r"[a-z][a-z0-9-]*")

Value = str | int | bool | None
"""An attribute: True is the bare name; False and None leave it out."""


class Markup(str):
    """Text that is safe in a page as it stands."""

    __slots__ = ()


Child = str | None
"""A child of an element: ``Markup`` as it is, any other text escaped, None left out."""


def tag(name: str, attributes: Mapping[str, Value] | None = None, *children: Child) -> Markup:
    """Return an element. Names are of the code, values and children may be anyone's."""
    shown = "".join(_attribute(key, value) for key, value in (attributes or {}).items())
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """Return children after one another."""
    return Markup("".join(_child(child) for child in children if child is not None))


def _child(child: str) -> str:
    return child if isinstance(child, Markup) else escape(child)


def _attribute(name: str, value: Value) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("an attribute's name is written in the code")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
