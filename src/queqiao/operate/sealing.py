"""Secrets in documents are sealed before they are stored, and told from what only looks sealed."""

from typing import Any

from msgspec import structs

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.operate.contracts import Handling
from queqiao.ports.keyring.base import is_sealed

_REFUSED = Message("不能以 sealed: 开头", "must not start with sealed:")


def place_of(kind: str, document_id: str, field: str) -> str:
    """Return the place for which a document's field is sealed."""
    return f"{kind}/{document_id}/{field}"


def sealed(
    handling: Handling, kind: str, document_id: str, document: Any, before: Any = None
) -> Any:
    """Return the document with its secrets sealed; those that stay as they were stay sealed.

    Raises InvalidInput for a text that came from outside and only looks sealed.
    """
    if handling.keyring is None:
        return document
    fresh = {}
    for name in handling.hidden:
        text, known = getattr(document, name), before and getattr(before, name)
        if text == known:
            continue
        if is_sealed(text):
            raise InvalidInput(FieldError(f"document.{name}", _REFUSED))
        place = place_of(kind, document_id, name)
        # The same secret sent again is no change.
        same = known and is_sealed(known) and handling.keyring.open(known, place) == text
        fresh[name] = known if same else handling.keyring.seal(text, place)
    return structs.replace(document, **fresh)
