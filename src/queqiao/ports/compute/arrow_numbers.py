"""Numbers and casts over Arrow arrays. Integers are computed in numpy, each overflow found."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from queqiao.ports.compute.functions import TEXT_DIGITS_MAX, TIME_END_US
from queqiao.ports.compute.text_forms import FLOAT_PATTERN, INTEGER_PATTERN
from queqiao.ports.compute.values import ARROW, plain_floats

Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

_MIN = np.int64(-(1 << 63))
_INT, _FLOAT = pa.int64(), pa.float64()


def ints(values: Any) -> Ints:
    """Return integers or times as numpy, with 0 for NULL."""
    whole = values.cast(_INT) if values.type != _INT else values
    filled = whole if whole.null_count == 0 else pc.fill_null(whole, 0)
    found: Ints = filled.to_numpy(zero_copy_only=False)
    return found


def valid(*arrays: Any) -> Flags:
    """Return where none of the arrays is NULL."""
    found = np.ones(len(arrays[0]), np.bool_)
    for values in arrays:
        if values.null_count:
            found &= pc.is_valid(values).to_numpy(zero_copy_only=False)
    return found


def column(values: Ints, known: Flags, kind: Any = _INT) -> Any:
    """Return integers as Arrow, NULL where they are not known."""
    made = pa.array(values, _INT, mask=None if known.all() else ~known)
    return made if kind == _INT else made.cast(kind)


def _integers(work: Callable[[Ints, Ints], tuple[Ints, Flags]]) -> Callable[[Any, Any], Any]:
    def run(a: Any, b: Any) -> Any:
        with np.errstate(all="ignore"):
            result, right = work(ints(a), ints(b))
        return column(result, valid(a, b) & right)

    return run


def _add(a: Ints, b: Ints) -> tuple[Ints, Flags]:
    result = a + b
    return result, ((a ^ result) & (b ^ result)) >= 0


def _subtract(a: Ints, b: Ints) -> tuple[Ints, Flags]:
    result = a - b
    return result, ((a ^ b) & (a ^ result)) >= 0


def _multiply(a: Ints, b: Ints) -> tuple[Ints, Flags]:
    result = a * b
    back = np.where(a == 0, b, result // np.where(a == 0, 1, a))
    return result, (back == b) & ~((a == -1) & (b == _MIN))


def _floor_divide(a: Ints, b: Ints) -> tuple[Ints, Flags]:
    right = (b != 0) & ~((a == _MIN) & (b == -1))
    return a // np.where(right, b, 1), right


def _modulo(a: Ints, b: Ints) -> tuple[Ints, Flags]:
    return a % np.where((b == 0) | (b == -1), 1, b), b != 0


def _two(
    whole: Callable[[Any, Any], Any], fraction: Callable[[Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    """Return the integer form or the float form, by the type of the arguments."""

    def run(a: Any, b: Any) -> Any:
        return whole(a, b) if a.type == _INT else plain_floats(fraction(a, b))

    return run


def _divide(a: Any, b: Any) -> Any:
    return plain_floats(pc.divide(a, pc.if_else(pc.equal(b, 0.0), pa.scalar(None, _FLOAT), b)))


def _negate(a: Any) -> Any:
    if a.type == _FLOAT:
        return plain_floats(pc.negate(a))
    return column(-ints(a), valid(a) & (ints(a) != _MIN))


def _absolute(a: Any) -> Any:
    if a.type == _FLOAT:
        return pc.abs(a)
    return column(np.abs(ints(a)), valid(a) & (ints(a) != _MIN))


def _to_int(a: Any) -> Any:
    if a.type == pa.string():
        return _text_to_int(a)
    if a.type == pa.bool_():
        return a.cast(_INT)
    cut = pc.trunc(a)
    fits = pc.and_(pc.greater_equal(cut, float(_MIN)), pc.less(cut, -float(_MIN)))
    return pc.if_else(fits, cut, pa.scalar(None, _FLOAT)).cast(_INT)


def matching(a: Any, pattern: str, length_max: int) -> Any:
    """Return the texts that are of a form as a whole, NULL for the others."""
    right = pc.and_(
        pc.less_equal(pc.binary_length(a), length_max),
        pc.match_substring_regex(a, f"^({pattern})$"),
    )
    return pc.if_else(right, a, pa.scalar(None, pa.string()))


def _text_to_int(a: Any) -> Any:
    lengths = pc.max(pc.binary_length(a)).as_py() or 0
    if lengths <= 18 and pc.all(pc.ascii_is_decimal(a), skip_nulls=True).as_py():
        return a.cast(_INT)  # plain digits, the usual case: no pattern is needed
    digits = pc.replace_substring_regex(
        matching(a, INTEGER_PATTERN, TEXT_DIGITS_MAX), r"^\+?(-?)0*([0-9])", r"\1\2"
    )
    long = pc.greater(pc.utf8_length(digits), 18)
    short = pc.if_else(long, pa.scalar(None, pa.string()), digits).cast(_INT)
    if not pc.any(long).as_py():
        return short
    exact = [_small(int(text)) if text else None for text in digits.to_pylist()]
    return pa.array(exact, _INT)


def _small(value: int) -> int | None:
    return value if -(1 << 63) <= value < 1 << 63 else None


def _to_float(a: Any) -> Any:
    if a.type == pa.string():
        return plain_floats(matching(a, FLOAT_PATTERN, TEXT_DIGITS_MAX).cast(_FLOAT))
    return pa.array(ints(a).astype(np.float64), _FLOAT, mask=~valid(a))


def _to_bool(a: Any) -> Any:
    known = pc.or_(pc.equal(a, "true"), pc.equal(a, "false"))
    return pc.if_else(known, pc.equal(a, "true"), pa.scalar(None, pa.bool_()))


def _add_time(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        result, right = _add(ints(a), ints(b))
    right &= (result >= 0) & (result < TIME_END_US)
    return column(np.where(right, result, 0), valid(a, b) & right, ARROW["time"])


COLUMNS: dict[str, Callable[..., Any]] = {
    "add": _two(_integers(_add), pc.add),
    "subtract": _two(_integers(_subtract), pc.subtract),
    "multiply": _two(_integers(_multiply), pc.multiply),
    "divide": _divide,
    "floor_divide": _integers(_floor_divide),
    "modulo": _integers(_modulo),
    "negate": _negate,
    "absolute": _absolute,
    "to_int": _to_int,
    "to_float": _to_float,
    "to_bool": _to_bool,
    "to_us": lambda a: a.cast(_INT),
    "add_time": _add_time,
}
