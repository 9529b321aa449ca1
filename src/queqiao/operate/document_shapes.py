"""The shapes and operations of a document resource, made from its kind for OpenAPI and decoding."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import Message
from queqiao.ports.records.differences import Difference


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    """Why something is done; it stands in the history."""

    reason: Annotated[str, Meta(max_length=2_000)] = ""


class Shapes:
    """The bodies and answers of one kind, each under a name of its own."""

    def __init__(self, kind: DocumentKind) -> None:
        name = "".join(part.capitalize() for part in kind.name.replace("-", "_").split("_"))
        document = ("document", kind.type)
        self.new: Any = _shape(f"New{name}", document, ("id", str | None, None))
        self.replacement: Any = _shape(
            f"{name}Replacement", document, ("reason", Annotated[str, Meta(max_length=2_000)], "")
        )
        self.item: Any = _shape(
            f"{name}Item",
            ("id", str),
            ("revision", int),
            ("state", str),
            document,
            ("created_at", str),
            ("updated_at", str),
            ("updated_by", str),
        )
        self.page: Any = _page(f"{name}Page", self.item)
        revision: Any = _shape(
            f"{name}Revision",
            ("revision", int),
            ("state", str),
            document,
            ("at", str),
            ("by", str),
            ("reason", str),
            ("changes", list[Difference]),
        )
        self.history: Any = _page(f"{name}History", revision)


def _shape(name: str, *fields: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True)


def _page(name: str, item: Any) -> type[msgspec.Struct]:
    return _shape(name, ("items", list[item]), ("next_cursor", str | None))


WORDS = {
    "list": Message("列表", "List"),
    "create": Message("新建", "Create"),
    "show": Message("读取", "Read"),
    "replace": Message("修改", "Replace"),
    "history": Message("历史", "History"),
    "publish": Message("发布", "Publish"),
    "pause": Message("暂停", "Pause"),
    "archive": Message("归档", "Archive"),
}
"""What the operations of a document resource are called."""
