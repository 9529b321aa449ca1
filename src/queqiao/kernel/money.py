"""Money: an integer count of minor units (分, pence, cents) with its currency. No floats."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from queqiao.kernel.errors import FieldError, InvalidInput, Message

Remainder = Literal["first", "last", "largest_fraction"]

# Exponents that differ from two: ISO 4217, list one.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
_TWO_DIGITS = frozenset(
    (
        "AED ALL AMD ARS AUD AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY"
        " COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD"
        " HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD"
        " MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR"
        " RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP"
        " TRY TTD TWD TZS UAH USD UYU UZS VES WST YER ZAR ZMW"
    ).split()
)
DEFAULT_CURRENCY = "CNY"
MINOR_MAX = 2**53 - 1
"""Bound of one amount: what every JSON reader can hold exactly (90 million million yuan)."""
_ADJUSTED_MAX = 18
_EXPONENT_MIN = -30


def exponent(currency: str, path: str = "currency") -> int:
    """Return how many decimal digits the currency has. Raises InvalidInput for an unknown one."""
    if currency in _TWO_DIGITS:
        return 2
    if currency in _EXPONENTS:
        return _EXPONENTS[currency]
    message = Message(
        "没有这个币种，请用 ISO 4217 代码，例如 CNY", "no such currency; use ISO 4217"
    )
    raise InvalidInput(FieldError(path, message))


def parse_minor(amount: str | Decimal, currency: str, path: str = "amount") -> int:
    """Return the amount in minor units, exactly.

    Raises InvalidInput naming ``path`` when it is no number, is out of bounds, or does not fit
    whole minor units: nothing is rounded in silence.
    """
    digits = exponent(currency)
    try:
        value = Decimal(amount)
        _check_size(value, path)
        scaled = value.scaleb(digits)
        minor = int(scaled)
    except (ArithmeticError, ValueError) as error:
        raise _no_amount(path) from error
    if minor != scaled:
        message = Message("金额不足一个最小货币单位", "does not fit whole minor units")
        raise InvalidInput(FieldError(path, message))
    if abs(minor) > MINOR_MAX:
        raise _too_large(path)
    return minor


def _check_size(value: Decimal, path: str) -> None:
    """Refuse a number by its exponent alone: ``1e999999`` is short to write, long to multiply."""
    exponent_of_last_digit = value.as_tuple().exponent
    if not isinstance(exponent_of_last_digit, int):  # not finite
        raise _no_amount(path)
    if value and value.adjusted() > _ADJUSTED_MAX:
        raise _too_large(path)
    if not _EXPONENT_MIN <= exponent_of_last_digit <= _ADJUSTED_MAX:
        raise _no_amount(path)


def _no_amount(path: str) -> InvalidInput:
    message = Message("不是金额，请写成 12.34", "not an amount; write it as 12.34")
    return InvalidInput(FieldError(path, message))


def _too_large(path: str) -> InvalidInput:
    return InvalidInput(FieldError(path, Message("金额过大", "the amount is too large")))


def format_minor(minor: int, currency: str) -> str:
    """Return the amount as a plain decimal, e.g. ``-12.34``, without sign of currency."""
    digits = exponent(currency)
    if digits == 0:
        return str(minor)
    whole, fraction = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{fraction:0{digits}d}"


def spread(
    total: int, weights: Sequence[int], remainder: Remainder = "largest_fraction"
) -> list[int]:
    """Split ``total`` in proportion to non-negative ``weights``; the parts sum to it exactly.

    Every part is first rounded towards zero; the minor units left over go one each to the parts of
    the largest fraction (Hare's largest remainders; ties to the earlier part), or one each from the
    first or the last part on. Parts of weight 0 get nothing. With all weights 0 the total must be
    0, else ValueError.
    """
    sum_of_weights = sum(weights)
    if sum_of_weights == 0:
        if total:
            raise ValueError("cannot spread an amount over weights that are all zero")
        return [0] * len(weights)
    sign, size = (-1, -total) if total < 0 else (1, total)
    parts = [size * weight // sum_of_weights for weight in weights]
    left = size - sum(parts)
    for index in _takers(size, weights, sum_of_weights, remainder)[:left]:
        parts[index] += 1
    return [sign * part for part in parts]


def _takers(
    size: int, weights: Sequence[int], sum_of_weights: int, remainder: Remainder
) -> list[int]:
    """Order the parts that may take one minor unit of the remainder."""
    taking = [index for index, weight in enumerate(weights) if weight]
    if remainder == "last":
        taking.reverse()
    elif remainder == "largest_fraction":
        taking.sort(key=lambda index: -(size * weights[index] % sum_of_weights))
    return taking
