"""One compiled schema, and the sentence for each way in which an event can break it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from queqiao.collect.schemas_bounds import WORK_MAX, parts_of
from queqiao.kernel.errors import FieldError, Message

PATTERN_BYTES_MAX = 1 << 18
"""Bound of one compiled pattern, and of what the engine keeps while it runs."""
NAME_SHOWN_MAX = 64

_decode = msgspec.json.Decoder().decode

_SENTENCES: dict[str, Message] = {
    "type": Message("类型不对", "wrong type"),
    "enum": Message("不在允许的取值之内", "not one of the allowed values"),
    "const": Message("不是规定的值", "not the value that the schema names"),
    "pattern": Message("不符合规定的格式", "does not match the pattern"),
    "format": Message("不符合规定的格式", "does not have the format"),
    "minLength": Message("太短", "too short"),
    "maxLength": Message("太长", "too long"),
    "minimum": Message("太小", "too small"),
    "exclusiveMinimum": Message("太小", "too small"),
    "maximum": Message("太大", "too large"),
    "exclusiveMaximum": Message("太大", "too large"),
    "multipleOf": Message("不是规定步长的倍数", "not a multiple of the step"),
    "minItems": Message("元素太少", "too few items"),
    "maxItems": Message("元素太多", "too many items"),
    "uniqueItems": Message("元素重复", "items repeat"),
    "contains": Message("缺少符合要求的元素", "no item is as the schema asks"),
    "minProperties": Message("字段太少", "too few fields"),
    "maxProperties": Message("字段太多", "too many fields"),
    "additionalProperties": Message("有模式里没有的字段", "a field that the schema does not know"),
    "unevaluatedProperties": Message("有模式里没有的字段", "a field that the schema does not know"),
    "propertyNames": Message("字段名不合要求", "a field's name is not as the schema asks"),
    "required": Message("缺少必填字段", "is required"),
}
_TOO_LARGE = Message("对它的模式来说太大", "too large for its schema")
_OTHER = Message("不符合模式", "not as the schema asks")


def compile_schema(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return the validator. Raises ValidationError of the library for what is no schema."""
    return Draft202012Validator(
        dict(schema),
        validate_formats=True,
        offline=True,
        pattern_options=RegexOptions(
            size_limit=PATTERN_BYTES_MAX, dfa_size_limit=PATTERN_BYTES_MAX
        ),
    )


def checker(schema: Mapping[str, Any], part: str) -> Callable[[bytes], FieldError | None]:
    """Return what names the first fault of a part's bytes, by path from ``part`` on."""
    validator = compile_schema(schema)
    bytes_max = WORK_MAX // max(parts_of(schema), 1)
    is_valid, errors, known = validator.is_valid, validator.iter_errors, frozenset(_names(schema))

    def check(raw: bytes) -> FieldError | None:
        if len(raw) > bytes_max:
            return FieldError(part, _TOO_LARGE)
        value = _decode(raw)
        if is_valid(value):
            return None
        return _fault(next(iter(errors(value))), value, part, known)

    return check


def _fault(error: ValidationError, value: Any, part: str, known: frozenset[str]) -> FieldError:
    """Return path and sentence; names that the schema does not know are input, and not shown."""
    path = part
    for step in error.instance_path:
        if isinstance(value, list):
            path, value = f"{path}[{step}]", value[int(step)]
        else:  # the library gives names of digits as numbers
            name = str(step)
            path += f".{name}" if name in known else ".*"
            value = value.get(name) if isinstance(value, dict) else None
    kind = error.kind.name
    if kind == "required":
        path += f".{error.kind.value}"
    return FieldError(path, _SENTENCES.get(kind, _OTHER))


def _names(schema: Any) -> set[str]:
    """Return every name that stands anywhere in a schema."""
    if isinstance(schema, Mapping):
        found = {name for name in schema if len(name) <= NAME_SHOWN_MAX}
        return found.union(*map(_names, schema.values()))
    if isinstance(schema, list):
        return set().union(*map(_names, schema))
    return set()
