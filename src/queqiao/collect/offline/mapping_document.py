"""The document ``import-mapping``: which column of a kind of file is which field, by name."""

from typing import Annotated

import msgspec
from msgspec import Meta

from queqiao.collect.offline.file_kinds import KINDS, FileKind
from queqiao.collect.offline.proposals import missing
from queqiao.kernel.clock import zone_of
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent
from queqiao.kernel.text import clean

Header = Annotated[str, Meta(max_length=200)]


class ImportMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How files of one origin are read: ``columns`` is our field to the file's header.

    An empty encoding is found in each file anew; an empty currency or zone is the shop's.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    kind: FileKind
    columns: dict[str, Header]
    encoding: Annotated[str, Meta(pattern="^(utf-8|gb18030)?$")] = ""
    currency: str = ""
    timezone: str = ""


def check_mapping(document: ImportMapping) -> None:
    """Raise InvalidInput for unknown fields, for missing ones, and for what is no zone or money."""
    clean(document.name, "name", 100)
    kind = KINDS[document.kind]
    known = {field.name for field in kind.fields}
    errors = [
        FieldError(f"columns.{name}", Message("没有这个字段", "there is no such field"))
        for name in document.columns
        if name not in known
    ]
    errors += [
        FieldError(f"columns.{name}", Message("请选择对应的列", "choose its column"))
        for name in missing(kind, document.columns)
    ]
    if errors:
        raise InvalidInput(*errors)
    if document.currency:
        exponent(document.currency)
    if document.timezone:
        zone_of(document.timezone)


IMPORT_MAPPING = DocumentKind(
    name="import-mapping", path="import-mappings", type=ImportMapping, check=check_mapping
)
