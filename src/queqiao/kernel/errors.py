"""The error tree. Each class says who is to blame, whether to retry and how it looks on the wire.

    QueqiaoError
    ├── CallerError                 the caller can mend it
    │   ├── InvalidInput        400 a field is wrong; the error names it and its cure
    │   ├── Unauthenticated     401
    │   ├── Forbidden           403
    │   ├── NotFound            404
    │   ├── MethodNotAllowed    405
    │   ├── TimedOut            408 the request did not arrive whole in time
    │   ├── Conflict            409
    │   ├── Gone                410
    │   ├── PreconditionFailed  412 the resource has moved on since it was read
    │   ├── TooLarge            413
    │   ├── UnsupportedMedia    415
    │   ├── Refused             422 understood, and the answer is no (reason code)
    │   ├── PreconditionRequired 428
    │   └── TooManyRequests     429 Retry-After
    └── SystemFault                 the system is at fault
        ├── Broken              500 a defect of ours; logged with its trace
        ├── Unavailable         503 Retry-After
        └── StorageFull         503 Retry-After; nothing acknowledged is lost

An error never carries the value that it refuses: problem documents must not echo input.
"""

from typing import ClassVar, Literal, NamedTuple

Blame = Literal["caller", "system"]


class Message(NamedTuple):
    """One sentence in both languages of the product."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the sentence for ``"zh"`` or ``"en"`` (anything else reads as English)."""
        return self.zh if language == "zh" else self.en


class FieldError(NamedTuple):
    """What is wrong with one field and how to mend it.

    ``path`` is a JSON path without the leading ``$.``, such as ``cart.lines[0].sku``;
    empty for the body as a whole.
    """

    path: str
    message: Message


class QueqiaoError(Exception):
    """Root of all errors that the system raises on purpose."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "broken"
    blame: ClassVar[Blame] = "system"
    retry: ClassVar[bool] = False
    title: ClassVar[Message] = Message("系统内部错误", "Internal error")

    def __init__(
        self,
        detail: Message | None = None,
        *,
        fields: tuple[FieldError, ...] = (),
        retry_after_s: int | None = None,
        reason: str | None = None,
    ) -> None:
        self.detail = detail
        self.fields = fields
        self.retry_after_s = retry_after_s
        self.reason = reason
        super().__init__(self.explain("en"))

    def explain(self, language: str) -> str:
        """Return title, detail and fields as one line, for logs and terminals."""
        parts = [self.title.in_language(language)]
        if self.detail is not None:
            parts.append(self.detail.in_language(language))
        parts += [f"{path}: {message.in_language(language)}" for path, message in self.fields]
        return "; ".join(parts)


class CallerError(QueqiaoError):
    """The caller can mend it; nothing was written."""

    status = 400
    code = "caller_error"
    blame = "caller"
    title = Message("请求有误", "The request is wrong")


class InvalidInput(CallerError):
    """One or more fields are wrong: ``InvalidInput(FieldError("cart", Message(…)), …)``."""

    code = "invalid_input"
    title = Message("输入有误", "The input is not valid")

    def __init__(self, *fields: FieldError, detail: Message | None = None) -> None:
        super().__init__(detail, fields=fields)


class Unauthenticated(CallerError):
    """No valid key or session came with the call."""

    status = 401
    code = "unauthenticated"
    title = Message("需要登录或有效的密钥", "A sign-in or a valid key is needed")


class Forbidden(CallerError):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    title = Message("没有权限", "Not allowed")


class NotFound(CallerError):
    """There is no such thing, or not for this caller."""

    status = 404
    code = "not_found"
    title = Message("没有找到", "Not found")


class MethodNotAllowed(CallerError):
    """The path exists; the method does not."""

    status = 405
    code = "method_not_allowed"
    title = Message("不支持该方法", "Method not allowed")


class TimedOut(CallerError):
    """The request did not arrive whole in time."""

    status = 408
    code = "timed_out"
    retry = True
    title = Message("请求传输超时", "The request took too long to arrive")


class Conflict(CallerError):
    """The write contradicts what is there."""

    status = 409
    code = "conflict"
    title = Message("与现有数据冲突", "In conflict with what is there")


class Gone(CallerError):
    """It was there and has ended."""

    status = 410
    code = "gone"
    title = Message("已失效", "No longer there")


class PreconditionFailed(CallerError):
    """``If-Match`` names an older revision: read again, then write."""

    status = 412
    code = "precondition_failed"
    title = Message("内容已被他人修改，请刷新后重试", "It has changed since you read it")


class TooLarge(CallerError):
    """The body is over its bound."""

    status = 413
    code = "too_large"
    title = Message("请求体过大", "The body is too large")


class UnsupportedMedia(CallerError):
    """The content type or encoding is not spoken here."""

    status = 415
    code = "unsupported_media"
    title = Message("不支持的内容类型", "Content type not supported")


class Refused(CallerError):
    """Understood and well formed, and the answer is no; ``reason`` is a stable code."""

    status = 422
    code = "refused"
    title = Message("不符合规则", "Refused by a rule")


class PreconditionRequired(CallerError):
    """The write must say which revision it replaces."""

    status = 428
    code = "precondition_required"
    title = Message("需要 If-Match 请求头", "If-Match is needed")


class TooManyRequests(CallerError):
    """Slow down; ``retry_after_s`` says for how long."""

    status = 429
    code = "too_many_requests"
    retry = True
    title = Message("请求过于频繁", "Too many requests")


class SystemFault(QueqiaoError):
    """The system is at fault; the caller did nothing wrong."""


class Broken(SystemFault):
    """A defect of ours. It is logged with its trace id."""


class Unavailable(SystemFault):
    """A part that the answer needs is not there just now."""

    status = 503
    code = "unavailable"
    retry = True
    title = Message("服务暂不可用，请稍后重试", "Not available just now, please retry")

    def __init__(self, detail: Message | None = None, *, retry_after_s: int = 1) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class StorageFull(Unavailable):
    """The disk is full. Nothing acknowledged is lost; nothing new is taken until there is room."""

    code = "storage_full"
    title = Message("存储空间已满", "The disk is full")

    def __init__(self, detail: Message | None = None, *, retry_after_s: int = 30) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


def tree() -> dict[str, type[QueqiaoError]]:
    """Return every class of the tree by its code; errors cross process borders by it."""
    found: dict[str, type[QueqiaoError]] = {}
    pending: list[type[QueqiaoError]] = [QueqiaoError]
    while pending:
        kind = pending.pop()
        found.setdefault(kind.code, kind)  # a narrower class of the same code travels as it
        pending += kind.__subclasses__()
    found["broken"] = Broken
    return found
