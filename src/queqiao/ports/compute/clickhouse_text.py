"""Text and JSON as ClickHouse SQL."""

from collections.abc import Callable, Sequence

from queqiao.ports.compute.functions import TEXT_DIGITS_MAX
from queqiao.ports.compute.text_forms import FLOAT_PATTERN, INTEGER_PATTERN

_WHITE = "' \\t\\n\\v\\f\\r'"

Constant = Callable[[Sequence[str], Sequence[str | None]], str]


def of_form(sql: str, pattern: str) -> str:
    """Return whether a text is of a form as a whole."""
    escaped = pattern.replace("\\", "\\\\")
    return f"match({sql}, '^({escaped})\\\\z')"


def _number(sql: str, pattern: str) -> str:
    return f"(length({sql}) <= {TEXT_DIGITS_MAX} AND {of_form(sql, pattern)})"


def to_int(a: str) -> str:
    """Return the integer of a text; 30 digits fit 128 bits."""
    wide = f"accurateCastOrNull(toInt128OrNull({a}), 'Int64')"
    return f"if({_number(a, INTEGER_PATTERN)}, {wide}, NULL)"


def to_float(a: str) -> str:
    """Return the float of a text."""
    value = f"toFloat64OrNull({a})"
    return f"if({_number(a, FLOAT_PATTERN)} AND isFinite({value}), {value} + 0, NULL)"


def _substring(text: str, start: str, count: str) -> str:
    # Bounded so that one plus the start cannot wrap; no text is that long.
    first, many = f"least({start}, 2147483646)", f"least({count}, 2147483646)"
    inside = f"substringUTF8({text}, greatest({first}, 0) + 1, greatest({many}, 0))"
    return f"if({start} >= 0 AND {count} >= 0, {inside}, NULL)"


def _split_part(given: Sequence[str], _constant: Sequence[str | None]) -> str:
    text, separator, index = given
    parts = f"splitByString({separator}, {text})"
    place = f"least(greatest({index}, 0), 2147483646) + 1"
    inside = f"{index} >= 0 AND {index} < length({parts})"
    return f"if({inside}, arrayElement({parts}, {place}), NULL)"


def _replace(given: Sequence[str], _constant: Sequence[str | None]) -> str:
    text, old, new = given
    return f"replaceAll({text}, {old}, {new})"


def _json(read: str, right: str) -> Constant:
    """Print ``read`` at the path where ``right`` holds; ``{p}`` is the document and the path."""

    def run(given: Sequence[str], constant: Sequence[str | None]) -> str:
        parts = str(constant[1]).split(".")
        steps = [_step(part) for part in parts]
        place = ", ".join([given[0], *steps])
        lists = [
            f"JSONType({', '.join([given[0], *steps[:depth]])}) = 'Array'"
            for depth, part in enumerate(parts)
            if _is_index(part)
        ]
        condition = " AND ".join([*lists, right.format(p=place, d=given[0])])
        return f"if({condition}, {read.format(p=place)}, NULL)"

    return run


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit()


def _step(part: str) -> str:
    if _is_index(part):
        return str(int(part) + 1)
    return "'" + part.replace("\\", "\\\\").replace("'", "\\'") + "'"


# JSONType calls an integer beyond 64 bits a String. So a string of many digits is looked for with
# its quotation marks; only a document that has the same digits both ways is told wrong.
_STRING = (
    "JSONType({p}) = 'String' AND position(JSONExtractString({p}), '\\0') = 0"
    " AND (NOT match(JSONExtractString({p}), '^-?[0-9]{{19,}}$')"
    " OR position({d}, concat('\"', JSONExtractString({p}), '\"')) > 0)"
)
_NUMBER = "JSONType({p}) IN ('Int64', 'UInt64', 'Double')"

CONSTANT: dict[str, Constant] = {
    "split_part": _split_part,
    "replace": _replace,
    "json_text": _json("JSONExtractString({p})", _STRING),
    "json_int": _json("JSONExtractInt({p})", "JSONType({p}) = 'Int64'"),
    "json_float": _json("JSONExtractFloat({p}) + 0", _NUMBER),
    "json_bool": _json("JSONExtractBool({p}) = 1", "JSONType({p}) = 'Bool'"),
}
"""Functions whose constants the printer looks at."""

PRINTED: dict[str, Callable[..., str]] = {
    "length": lambda a: f"toInt64(lengthUTF8({a}))",
    "concat": lambda *given: given[0] if len(given) == 1 else f"concat({', '.join(given)})",
    "substring": _substring,
    "lower_ascii": lambda a: f"lower({a})",
    "upper_ascii": lambda a: f"upper({a})",
    "trim": lambda a: f"trim(BOTH {_WHITE} FROM {a})",
    "contains": lambda a, b: f"(position({a}, {b}) > 0)",
    "starts_with": lambda a, b: f"startsWith({a}, {b})",
    "ends_with": lambda a, b: f"endsWith({a}, {b})",
}
"""How each function is printed."""
