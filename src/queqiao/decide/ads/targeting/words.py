"""Words of texts, so that a keyword is found as people read it.

A text is folded (NFKC, case), then cut: letters and digits that stand together are a word, and so
is every Han character, kana and hangul syllable by itself, since their words have no blanks
between them. What is neither letter nor digit only separates.
"""

import re
from collections.abc import Collection, Iterator
from unicodedata import normalize

_WORD = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003fffd]"
    "|[^\\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003fffd]+"
)

Words = tuple[str, ...]


def words(text: str) -> Words:
    """Return the words of a text in their order."""
    return tuple(_WORD.findall(normalize("NFKC", text).casefold()))


def runs(text: Words, lengths: Collection[int]) -> Iterator[Words]:
    """Yield every run of so many words that stands in a text."""
    for length in lengths:
        for start in range(len(text) - length + 1):
            yield text[start : start + length]


def stands_in(phrase: Words, text: Words) -> bool:
    """Say whether the words of a phrase stand in a text, in their order and next to each other."""
    return any(run == phrase for run in runs(text, (len(phrase),)))
