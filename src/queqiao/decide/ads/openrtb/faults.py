"""What is wrong with a message, collected: each with its path, in Prebid Server's manner of naming.

``request.imp[0].banner.format[1].w must be …``: the path starts with the message's own name.
"""

from collections.abc import Iterable, Sequence

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent

FAULTS_MAX = 50
"""So many faults of a message are told; who mends them learns of the rest."""

MISSING = Message("必填", "is required")
EMPTY = Message("至少要有一项", "must contain at least one element")
NEGATIVE = Message("不能为负数", "must not be negative")
NOT_POSITIVE = Message("须为正数", "must be a positive number")
BLANK = Message("不能为空文本", "must not be an empty text")
TWICE = Message("与前面的重复，须各不相同", "stands here for the second time; it must be unique")
CURRENCY = Message("须为 ISO 4217 币种代码，如 USD", "must be an ISO 4217 code, such as USD")
TOO_MANY = Message("项数过多", "has too many elements")


class Faults:
    """The faults of one message."""

    def __init__(self) -> None:
        self.found: list[FieldError] = []

    def add(self, path: str, message: Message) -> None:
        """Note a fault, unless there are enough."""
        if len(self.found) < FAULTS_MAX:
            self.found.append(FieldError(path, message))

    def raise_any(self) -> None:
        """Raise InvalidInput with all of them, if there is any."""
        if self.found:
            raise InvalidInput(*self.found)

    def required(self, path: str, value: object) -> None:
        """Fault what is absent or empty."""
        if not value:
            self.add(path, MISSING)

    def not_negative(self, path: str, owner: object, names: Iterable[str]) -> None:
        """Fault each of the numbers that is below 0."""
        for name in names:
            value = getattr(owner, name)
            if value is not None and value < 0:
                self.add(f"{path}.{name}", NEGATIVE)

    def known_currency(self, path: str, code: str | None) -> None:
        """Fault a currency that there is not."""
        if code is None or code in _SEEN:
            return
        try:
            exponent(code)
        except InvalidInput:
            self.add(path, CURRENCY)
        else:
            _SEEN.add(code)

    def texts(self, path: str, texts: Sequence[str] | None) -> None:
        """Fault each empty text of a list."""
        if texts and "" in texts:
            for number, text in enumerate(texts):
                if not text:
                    self.add(f"{path}[{number}]", BLANK)

    def unique(self, path: str, ids: Iterable[str | None]) -> None:
        """Fault each id that is absent or has been there before; ``path`` has ``{}`` for where."""
        seen: set[str] = set()
        for number, each in enumerate(ids):
            if not each:
                self.add(path.format(number), MISSING)
            elif each in seen:
                self.add(path.format(number), TWICE)
            else:
                seen.add(each)


_SEEN: set[str] = set()
"""Known codes that have been asked for; there are no more than ISO 4217 has."""
