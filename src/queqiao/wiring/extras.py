"""Packages that only some engines need: what a setting names and nobody installed says how."""

from collections.abc import Iterator
from contextlib import contextmanager

from queqiao.kernel.errors import FieldError, InvalidInput, Message


@contextmanager
def extra(setting: str, name: str) -> Iterator[None]:
    """Turn a missing package of the extra ``name`` into an error that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        command = f"pip install 'queqiao[{name}]'"
        message = Message(f"还缺少它的客户端：{command}", f"its client is not installed: {command}")
        raise InvalidInput(FieldError(setting, message)) from error
