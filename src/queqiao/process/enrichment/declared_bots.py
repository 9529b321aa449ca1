"""Programs that say themselves that nobody sits before them: read from the user agent by a grammar.

A user agent is a list of ``product/version`` and of comments in brackets (RFC 9110, section
10.1.5). Read in this order; the first that holds decides:

1. Nothing is there, or a word for nothing: ``missing``.
2. A word of a trade (crawler, monitor, link preview, …), standing alone or at the end of a name:
   that trade, by the table ``declared_bots.json``. ``Googlebot`` ends with one; ``Cubot`` is a
   phone, and so is whatever stands where Android names its model.
3. An address, a domain or an e-mail for who wonders what visits them: ``contact``.
4. ``(compatible; Name …)`` with a name that is no browser's: ``self_named``.
5. A desktop browser of today, whose form is frozen, with a name foreign to it: ``foreign_name``.
6. The form of neither a browser nor an app on a named system: ``not_a_browser``.

Libraries that apps on phones speak with are ``app_library``: a shop's own app sends them too, so
it is for the caller to say what they mean.
"""

import re
from typing import Literal, NamedTuple

from queqiao.process.enrichment import agent_forms
from queqiao.process.enrichment.tables import table_of

CHARS_READ_MAX = 1_024
"""Of a longer user agent the start is read."""

TOKEN_CHARS_MAX = 64

Why = Literal[
    "missing", "crawler", "ai_crawler", "monitor", "checker", "scanner", "link_preview",
    "feed_fetcher", "http_library", "app_library", "headless", "contact", "self_named",
    "foreign_name", "not_a_browser",
]  # fmt: skip


class Declared(NamedTuple):
    """Why a user agent is no person's browser, and the part of it that says so, in lower case."""

    why: Why
    token: str


_TABLE = table_of("declared_bots.json")


def _by_word(name: str) -> dict[str, Why]:
    return {word: why for why, words in _TABLE[name].items() for word in words}


_EXACT, _PRODUCTS, _ENDINGS = _by_word("exact"), _by_word("products"), _by_word("endings")
_PHRASES = tuple(_by_word("phrases").items())
_END_LENGTHS = sorted({len(end) for end in _ENDINGS}, reverse=True)
_LAST_LETTERS = frozenset(end[-3:] for end in _ENDINGS)
_BROWSERS, _HUMAN = frozenset(_TABLE["browsers"]), frozenset(_TABLE["human"])
_NOTHING = frozenset(_TABLE["nothing"])
_HUMAN_SITES: tuple[str, ...] = tuple(_TABLE["human_sites"])

_WORD = re.compile(r"[a-z]+")
_MODEL = re.compile(r"(android[ \d.]*;(?: ?(?:[a-z]{2}[-_][a-z]{2}|u|arm(?:_64)?);)*)[^;)]*")
"""What stands where Android names its model; phones are called Bot, Phantom and Ruby."""
_SITES: tuple[str, ...] = tuple(_TABLE["sites"])
"""Without any of these there is no contact to look for."""
_CONTACT = re.compile(
    r"https?[:/ ]/?/?[^\s;,)]*|www\.[^\s;,)]*|mailto"
    r"|[\w.+-]+(?:@| at |\(at\)|\[at\])[\w-]+\.[a-z]{2}"
    r"|(?<![\w.@-])(?!com\.|org\.|net\.|cn\.|jp\.|asp\.)[a-z0-9][a-z0-9-]{2,}(?:\.[a-z0-9-]+)*"
    r"\.(?:com|net|org|io|co|ai|info|biz|eu|de|fr|ru|cn|dev|app|tech|cloud|uk)(?![\w.-])"
)


def declared(text: str) -> Declared | None:
    """Return why a user agent is not of a person's browser or app; None: nothing says so."""
    lower = text[:CHARS_READ_MAX].strip().lower()
    if lower in _NOTHING:
        return Declared("missing", lower)
    if agent_forms.is_usual(lower):
        return None
    read = _MODEL.sub(r"\1", lower) if "android" in lower else lower
    found = _trade(read) or _contact(read) or _form(lower)
    return found and Declared(found.why, found.token[:TOKEN_CHARS_MAX])


def _trade(text: str) -> Declared | None:
    for word in _WORD.findall(text):
        if word in _BROWSERS:
            continue
        why = _EXACT.get(word)
        if why is None and (word[-3:] in _LAST_LETTERS or word.startswith("google")):
            why = _by_part(word)
        if why is None and word in _PRODUCTS and _stands_as_product(word, text):
            why = _PRODUCTS[word]
        if why is not None and word not in _HUMAN:
            return Declared(why, word)
    for phrase, why in _PHRASES:  # a loop: a generator costs more than what it asks
        if phrase in text:
            return Declared(why, phrase)
    return None


def _by_part(word: str) -> Why | None:
    for length in _END_LENGTHS:
        if word[-length:] in _ENDINGS:
            return _ENDINGS[word[-length:]]
    return "crawler" if word.startswith("google") and word != "google" else None


def _stands_as_product(word: str, text: str) -> bool:
    after = text.find(word) + len(word)
    return text.startswith("/", after) or not text.startswith("mozilla/")


def _contact(text: str) -> Declared | None:
    for site in _SITES:
        if site in text:
            break
    else:
        return None
    found = _CONTACT.search(text)
    if found is None or any(human in text for human in _HUMAN_SITES):
        return None
    return Declared("contact", found.group())


def _form(text: str) -> Declared | None:
    if (name := agent_forms.self_named(text)) is not None:
        return Declared("self_named", name)
    if (name := agent_forms.foreign_name(text)) is not None:
        return Declared("foreign_name", name)
    return None if agent_forms.has_form(text) else Declared("not_a_browser", text)
