"""What a JSON Schema may cost: looked at once, before it is compiled.

No schema fetches another, none refers to itself, and with its references written out it stays
small. An event costs at most its own size times the schema's parts, and that product is bounded.
Patterns run on an engine whose time is linear in the text; what that engine cannot do (look-around,
back references) is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message

BYTES_MAX = 64_000
"""Bound of one schema, as JSON."""
NODES_MAX = 500
"""Bound of a schema's parts, counted with every ``$ref`` written out. What ``enum`` lists beside
texts counts too, since each is compared."""
WORK_MAX = 20_000_000
"""Bound of an event's bytes times the schema's parts: about a tenth of a second at the worst."""
DEPTH_MAX = 32
DIALECT = "https://json-schema.org/draft/2020-12/schema"

PiiClass = Literal[
    "name", "email", "phone", "id_card", "address", "birthday", "device", "ip", "account",
    "location", "payment", "health", "other",
]  # fmt: skip
"""What kind of personal information a field holds, as ``x-pii`` says."""
PII_CLASSES: tuple[str, ...] = get_args(PiiClass)

_SINGLE = {
    **dict.fromkeys(("not", "if", "then", "else", "propertyNames"), "{}"),
    **dict.fromkeys(("items", "contains", "unevaluatedItems"), "{}[]"),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties"), "{}.*"),
}
"""Keywords that hold one schema, and the field that it is about."""
_ELSEWHERE = (
    "dependencies",
    "additionalItems",
    "$id",
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveRef",
    "$vocabulary",
)

Schema = Mapping[str, Any]


def check_bounds(schema: Schema) -> None:
    """Raise InvalidInput, by path, for a schema that could cost too much or reach outside."""
    if len(json.encode(schema)) > BYTES_MAX:
        raise _refused("", f"最多 {BYTES_MAX} 字节", f"at most {BYTES_MAX} bytes")
    if schema.get("$schema", DIALECT) != DIALECT:
        raise _refused("$schema", f"只支持 {DIALECT}", f"must be {DIALECT} or left out")
    walk = _Walk(schema)
    for _ in walk.below(schema):
        pass
    named = schema.get("$defs")
    for name, part in named.items() if isinstance(named, Mapping) else ():
        for _ in walk.below(part, f"$defs.{name}"):  # also those that nothing names yet
            pass


def parts_of(schema: Schema) -> int:
    """Return how many parts an event is held against. Raises InvalidInput like ``check_bounds``."""
    walk = _Walk(schema)
    for _ in walk.below(schema):
        pass
    return walk.used


def _compared(part: Schema) -> int:
    options = part.get("enum")
    if not isinstance(options, list):
        return 0
    return sum(not isinstance(one, str) for one in options)


def pii_fields(schema: Schema) -> dict[str, str]:
    """Return the class of personal information by the path of each field that is marked.

    A path is written like ``products[].sku``; ``*`` stands for a name that the schema leaves open.
    """
    found = _Walk(schema).below(schema)
    return {place: part["x-pii"] for place, part in found if "x-pii" in part}


class _Walk:
    """Goes through a schema as an event would, references followed, within the bounds."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._left = NODES_MAX

    @property
    def used(self) -> int:
        """How many parts were gone through."""
        return NODES_MAX - self._left

    def below(
        self,
        part: Any,
        where: str = "",
        place: str = "",
        refs: tuple[str, ...] = (),
        depth: int = 0,
    ) -> Iterator[tuple[str, Schema]]:
        """Yield the part and all below it, each with the path of the field that it is about."""
        if not isinstance(part, Mapping):
            return
        self._left -= 1 + _compared(part)
        if self._left < 0 or depth > DEPTH_MAX:
            zh = f"连同展开的 $ref 最多 {NODES_MAX} 个部分、{DEPTH_MAX} 层"
            en = f"at most {NODES_MAX} parts, {DEPTH_MAX} deep, with every $ref written out"
            raise _refused(where, zh, en)
        _check_words(part, where)
        yield place, part
        name = part.get("$ref")
        if isinstance(name, str):
            target = self._target(name, _at(where, "$ref"), refs)
            yield from self.below(target, where, place, (*refs, name), depth + 1)
        for below_where, below_place, below in _children(part, where, place):
            yield from self.below(below, below_where, below_place, refs, depth + 1)

    def _target(self, name: str, where: str, refs: tuple[str, ...]) -> Any:
        """Return what a local reference names."""
        if not name.startswith("#/"):
            raise _refused(
                where, "只能引用本文档内，如 #/$defs/名称", "must be local, like #/$defs/name"
            )
        if name in refs:
            raise _refused(where, "不能引用自身", "must not lead back to itself")
        found: Any = self._root
        for step in name[2:].split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or key not in found:
                raise _refused(where, "文档里没有它", "there is no such part in the schema")
            found = found[key]
        return found


def _children(part: Schema, where: str, place: str) -> Iterator[tuple[str, str, Any]]:
    """Yield each part right below: its place in the schema, the field it is about, itself."""
    for word in ("properties", "patternProperties", "dependentSchemas"):
        named = part.get(word)
        for name, below in named.items() if isinstance(named, Mapping) else ():
            field = _at(place, {"properties": name}.get(word, "*"))
            yield _at(where, f"{word}.{name}"), place if word[0] == "d" else field, below
    for word in ("allOf", "anyOf", "oneOf", "prefixItems"):
        listed = part.get(word)
        for index, below in enumerate(listed if isinstance(listed, list) else ()):
            field = f"{place}[]" if word == "prefixItems" else place
            yield _at(where, f"{word}[{index}]"), field, below
    for word in part.keys() & _SINGLE.keys():
        yield _at(where, word), _SINGLE[word].format(place).removeprefix("."), part[word]


def _check_words(part: Schema, where: str) -> None:
    for word in _ELSEWHERE:
        if word in part:
            raise _refused(_at(where, word), "不支持这个关键字", "this keyword is not supported")
    if "x-pii" in part and part["x-pii"] not in PII_CLASSES:
        zh = f"应为 {'、'.join(PII_CLASSES)} 之一"
        raise _refused(_at(where, "x-pii"), zh, f"must be one of {', '.join(PII_CLASSES)}")


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _refused(where: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(FieldError(_at("schema", where).rstrip("."), Message(zh, en)))
