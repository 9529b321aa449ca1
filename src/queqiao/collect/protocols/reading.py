"""Reading a foreign message without losing a digit: numbers keep the text that they came as."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import parse_minor

_WHOLE_END = 10**18
_FRACTION_DIGITS_MAX = 9
"""With eighteen digits before the point, sums of amounts stay exact."""
PARTS_MAX = 200
"""So many events may one message make; Google's bound of the items of an event."""
PARTS_BYTES_MAX = 64_000
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
encode = msgspec.json.Encoder(decimal_format="number").encode
"""Encodes a translated call; a decimal is written as the number that was read."""

MISSING = Message("缺少必填字段", "is required")
NOT_OBJECT = Message("应为 JSON 对象", "must be a JSON object")
NOT_LIST = Message("应为 JSON 数组", "must be a JSON array")
NOT_TEXT = Message("应为文字", "must be a text")
NOT_JSON = Message("不是合法的 JSON", "not well-formed JSON")
NOT_NUMBER = Message("应为数字", "must be a number")
_MANY_PARTS = Message(
    f"涉及多件商品的单品事件最多 {PARTS_MAX} 件、{PARTS_BYTES_MAX} 字节；请拆成多个事件",
    f"of several products at most {PARTS_MAX} and {PARTS_BYTES_MAX} bytes; send several events",
)


def refused(path: str, message: Message) -> InvalidInput:
    """Return the refusal of one field."""
    return InvalidInput(FieldError(path, message))


def read(raw: bytes, path: str = "") -> Any:
    """Return a JSON value, floats as decimals. Raises InvalidInput at ``path``."""
    try:
        json.check(raw)
        return _decode(raw)
    except InvalidInput as error:
        message = error.fields[0].message if error.fields else NOT_JSON
        raise refused(path, message) from error
    except (msgspec.MsgspecError, UnicodeError, RecursionError, InvalidOperation) as error:
        raise refused(path, NOT_JSON) from error


def mapping(value: Any, path: str) -> dict[str, Any]:
    """Return an object's fields; null and absent read as none. Raises InvalidInput."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refused(path, NOT_OBJECT)
    return value


def mappings(value: Any, path: str) -> list[dict[str, Any]]:
    """Return a list of objects; absent reads as empty. Raises InvalidInput."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise refused(path, NOT_LIST)
    return [mapping(item, f"{path}[{index}]") for index, item in enumerate(value)]


def text(value: Any, path: str) -> str | None:
    """Return a text or a whole number as text; empty and null are none. Raises InvalidInput."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _WHOLE_END:
        raise refused(path, NOT_TEXT)
    return str(value)


def required(value: Any, path: str) -> str:
    """Return a text that must be there. Raises InvalidInput."""
    found = text(value, path)
    if found is None:
        raise refused(path, MISSING)
    return found


def number(value: Any) -> Any:
    """Return a number for a text that is one, and anything else as it is."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return Decimal(value) if "." in value else int(value)


def amount(value: Any, path: str) -> Decimal | None:
    """Return an amount of money exactly. Raises InvalidInput."""
    found = number(value)
    if found is None or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        raise refused(path, NOT_NUMBER)
    exact = Decimal(found)
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_FRACTION_DIGITS_MAX:
        raise refused(path, NOT_NUMBER)
    if abs(exact) >= _WHOLE_END:
        raise refused(path, NOT_NUMBER)
    return exact


def total(parts: Iterable[Any], path: str) -> Decimal | None:
    """Return the exact sum of amounts, None when the first is absent. Raises InvalidInput."""
    amounts = [amount(part, path) for part in parts]
    if amounts[0] is None:
        return None
    return sum((one for one in amounts if one is not None), Decimal(0))


def minor(value: Decimal | None, currency: Any, path: str) -> int | None:
    """Return minor units, None where amount or currency is not known. Raises InvalidInput."""
    if value is None or not isinstance(currency, str):
        return None
    return parse_minor(str(value), currency, path)


def milliseconds(value: Any, path: str) -> int | None:
    """Return a time in milliseconds that came as a number or as text. Raises InvalidInput."""
    found = number(value)
    if found is None or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, int):
        raise refused(path, NOT_NUMBER)
    return found


def refuse_many_parts(count: int, size: int, path: str) -> None:
    """Raise InvalidInput for an event that would be copied too often, or is too large to be.

    A message of ``size`` bytes that makes ``count`` events repeats in each what they share.
    """
    if count > PARTS_MAX or (count > 1 and size > PARTS_BYTES_MAX):
        raise refused(path, _MANY_PARTS)


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}


def renamed(values: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Take ``names`` out of ``values`` under their new names; what says nothing is left out."""
    return without_none({new: values.pop(old, None) for old, new in names.items()})
