"""One cell of an offline file, read exactly; what cannot be read is refused with its cure."""

import re
import unicodedata
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from queqiao.collect.offline.calls import local_time
from queqiao.kernel.errors import InvalidInput, Message
from queqiao.kernel.money import parse_minor

QUANTITY_MAX = 2**31 - 1
TEXT_CHARS_MAX = 1_000
KEY_CHARS_MAX = 120

_FORMULA = re.compile(r'^="(.*)"$', re.DOTALL)
_SPOILT = re.compile(r"^\d(\.\d+)?[eE]\+\d+$")
_AMOUNT = re.compile(r"^(?:CNY|RMB|HK\$|US\$|\$|¥|£|€)?([\d,]*\.?\d+|\d[\d,]*\.)元?$")
_DATE = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]*(上午|下午|AM|PM)?[ ]*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?[秒分]?"
    r"[ ]*(AM|PM)?)?$",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2})(\d{2})(\d{2})?)?$")
_MOBILE = re.compile(r"^1[3-9]\d{9}$")
_INTERNATIONAL = re.compile(r"^\+\d{6,15}$")
_LANDLINE = re.compile(r"^0\d{9,11}$")
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$")
_GENDERS = {"男": "male", "女": "female", "m": "male", "f": "female", "male": "male",
            "female": "female", "先生": "male", "女士": "female", "保密": ""}  # fmt: skip

EMPTY = Message("必填，请补上", "is required; fill it in")
SPOILT = Message(
    "Excel 把长数字写成了科学计数，数字已丢失；把这一列设为“文本”后重新导出",
    "Excel wrote a long number with an exponent and lost digits; make the column text",
)
NO_TIME = Message(
    "时间无法读取，请写成 2026-06-18 12:00:00", "not a time; write it as 2026-06-18 12:00:00"
)
NO_QUANTITY = Message(
    "数量须为整数且不为 0，退货写负数", "must be a whole number other than 0; negative for a return"
)
NO_NUMBER = Message("须为数字", "must be a number")
NO_PHONE = Message(
    "不是完整的手机号（可能已打码），请导出完整号码或不映射这一列",
    "not a whole phone number (perhaps masked); export it whole, or leave the column out",
)
NO_EMAIL = Message("不是邮箱地址", "not an e-mail address")
TOO_LONG = Message("文字过长", "the text is too long")
UNSTORABLE = Message("含有无法保存的字符", "holds characters that cannot be stored")


class BadCell(Exception):  # an outcome of one row, not an error of ours
    """A cell that cannot be taken: its field and why, with the cure."""

    def __init__(self, field: str, reason: Message) -> None:
        super().__init__(field)
        self.field, self.reason = field, reason


def plain(text: str) -> str:
    """Return a cell without what exports put around it: spaces, tabs, ``="…"``, a leading '."""
    stripped = text.strip().strip("\u3000\ufeff\u200b").strip()
    formula = _FORMULA.match(stripped)
    if formula:
        stripped = formula[1].strip()
    return stripped.removeprefix("'").strip()


def narrow(text: str) -> str:
    """Return full-width digits and signs as ASCII."""
    return unicodedata.normalize("NFKC", text)


def text(value: str, field: str) -> str:
    """Return a text in NFC. Raises BadCell."""
    if len(value) > TEXT_CHARS_MAX:
        raise BadCell(field, TOO_LONG)
    if "\0" in value:
        raise BadCell(field, UNSTORABLE)
    return unicodedata.normalize("NFC", value)


def key(value: str, field: str) -> str:
    """Return an identifier. Raises BadCell for one that Excel has rounded."""
    found = text(narrow(value), field)
    if _SPOILT.match(found):
        raise BadCell(field, SPOILT)
    if len(found) > KEY_CHARS_MAX:
        raise BadCell(field, TOO_LONG)
    return found


def money(value: str, field: str, currency: str) -> int:
    """Return minor units, exactly: signs of currency and thousands are read. Raises BadCell."""
    written = narrow(value).replace(" ", "").replace("−", "-")
    if written.startswith("(") and written.endswith(")"):
        written = "-" + written[1:-1]
    found = _AMOUNT.match(written.replace("-", "", 1))
    sign = "-" if "-" in written else ""
    number = f"{sign}{found[1].replace(',', '')}" if found else "no amount"
    try:
        return parse_minor(number, currency, field)
    except InvalidInput as error:
        raise BadCell(error.fields[0].path or field, error.fields[0].message) from error


def quantity(value: str, field: str) -> int:
    """Return a whole number other than 0; ``2.000`` is 2. Raises BadCell."""
    try:
        found = number(value, field)
    except BadCell as error:
        raise BadCell(field, NO_QUANTITY) from error
    if not found or found != int(found) or abs(found) > QUANTITY_MAX:
        raise BadCell(field, NO_QUANTITY)
    return int(found)


def number(value: str, field: str) -> Decimal:
    """Return a finite number of sensible size. Raises BadCell."""
    try:
        found = Decimal(narrow(value).replace(",", ""))
    except InvalidOperation as error:
        raise BadCell(field, NO_NUMBER) from error
    if not found.is_finite() or (found and not -12 <= found.adjusted() <= 15):
        raise BadCell(field, NO_NUMBER)
    return found


def moment(value: str, field: str, zone: ZoneInfo) -> str:
    """Return a time as RFC 3339 in UTC; one without an offset is of ``zone``. Raises BadCell."""
    written = narrow(value)
    try:
        return local_time(_iso(written), zone)
    except (ValueError, OverflowError) as error:
        raise BadCell(field, NO_TIME) from error


def local_day(moment_utc: str, zone: ZoneInfo) -> str:
    """Return the day in ``zone`` of a time as ``moment`` returns it."""
    return datetime.fromisoformat(moment_utc).astimezone(zone).date().isoformat()


def _iso(written: str) -> str:
    """Return the forms of Chinese exports as ISO 8601; any other text as it is."""
    found = _DATE.match(written)
    if found:
        year, month, day, before, hour, minute, second, after = found.groups()
        whole = _hour(int(hour or 0), (before or after or "").upper())
        parts = (int(year), int(month), int(day), whole, int(minute or 0), int(second or 0))
        return datetime(*parts).isoformat()  # noqa: DTZ001  # the zone is put on by the caller
    compact = _COMPACT.match(written)
    if compact:
        parts = tuple(int(part or 0) for part in compact.groups())  # type: ignore[assignment]  # six integers either way
        return datetime(*parts).isoformat()  # noqa: DTZ001  # the zone is put on by the caller
    return written


def _hour(hour: int, half: str) -> int:
    if half in {"下午", "PM"} and hour < 12:
        return hour + 12
    return 0 if half in {"上午", "AM"} and hour == 12 else hour


def phone(value: str, field: str) -> str:
    """Return a phone number as ``+86…``. Raises BadCell for one that is masked or short."""
    digits = re.sub(r"[\s\-()]", "", narrow(value))
    if _SPOILT.match(digits):
        raise BadCell(field, SPOILT)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if len(digits) == 13 and digits.startswith("86"):
        digits = "+" + digits
    if _MOBILE.match(digits):
        return "+86" + digits
    if _LANDLINE.match(digits):
        return "+86" + digits[1:]
    if _INTERNATIONAL.match(digits):
        return digits
    raise BadCell(field, NO_PHONE)


def email(value: str, field: str) -> str:
    """Return an address in lower case. Raises BadCell."""
    found = narrow(value).lower()
    if not _EMAIL.match(found) or len(found) > 254:
        raise BadCell(field, NO_EMAIL)
    return found


def gender(value: str) -> str:
    """Return male, female or nothing; another word as it is."""
    return _GENDERS.get(value.lower(), value)
