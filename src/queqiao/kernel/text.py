"""Text: NFC, bounded, without NUL and lone surrogates; refused at the door otherwise."""

from unicodedata import is_normalized, normalize

from queqiao.kernel.errors import FieldError, InvalidInput, Message

_NUL = Message("不能包含空字符 (U+0000)", "must not contain NUL (U+0000)")
_SURROGATE = Message("包含不成对的代理字符", "contains a lone surrogate")


def clean(text: str, path: str, max_length: int) -> str:
    """Return the text in NFC. Raises InvalidInput naming ``path``.

    ``max_length`` counts code points after normalisation.
    """
    refuse_unstorable(text, path)
    normal = text if is_normalized("NFC", text) else normalize("NFC", text)
    if len(normal) > max_length:
        message = Message(f"最多 {max_length} 个字符", f"at most {max_length} characters")
        raise InvalidInput(FieldError(path, message))
    return normal


def refuse_unstorable(text: str, path: str) -> None:
    """Raise InvalidInput when the text holds NUL or a lone surrogate."""
    if "\x00" in text:
        raise InvalidInput(FieldError(path, _NUL))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(FieldError(path, _SURROGATE)) from error
