"""The forms that browsers and apps give their user agents; what has none of them is neither.

A browser begins with ``Mozilla/…`` and a comment that names the system, then names its engine; a
few older ones begin with their own name. An app names the system it runs on. The form of a desktop
Chrome or Firefox of today is frozen, so a name in it that is no browser's is a tool's.
"""

import re

from queqiao.process.enrichment.tables import table_of

_TABLE = table_of("agent_forms.json")


def _any_of(name: str) -> str:
    return f"(?:{'|'.join(_TABLE[name])})"


_USUAL = re.compile(
    r"mozilla/5\.0 \((?:windows nt 10\.0; win64; x64|macintosh; intel mac os x [\d_.]+"
    r"|x11;(?: ubuntu;)? linux x86_64|linux; (?:u; )?android [\d.]+; [^;()]*(?:; wv)?)"
    r"(?:; rv:[\d.]+)?\) "
    r"(?:gecko/[\d.]+ firefox/[\d.]+|applewebkit/[\d.]+ \(khtml, like gecko\)(?: version/[\d.]+)?"
    r"(?: chrome/[\d.]+)?(?: mobile)? safari/[\d.]+(?: (?:edga?|opr)/[\d.]+)?)"
)
_BROWSER = re.compile(r"['\"]?(?:\w+ )?mozilla/\d[^(]{0,60}\(")
_COMMENT = re.compile(r"mozilla/5\.0 \(([^)]*)\) (?:applewebkit|gecko|chrome)")
_DESKTOP = re.compile(
    r"mozilla/5\.0 \(((?:windows nt 1\d|macintosh|x11)[^)]*)\) "
    r"(?:applewebkit/(?:537\.36|6\d\d[\d.]*) \(khtml, like gecko([^)]*)\)(.*)"
    r"|gecko/\d+ firefox/\d{2,}[\d.]*(.*))$"
)
_PRODUCT = re.compile(r"[a-z][a-z_]{2,}")
_DESKTOP_PARTS = re.compile(_any_of("desktop_parts"))
_NOT_DESKTOP = re.compile(_any_of("not_desktop"))
_SYSTEMS = re.compile(_any_of("systems"))
_OTHERS = re.compile(_any_of("others"))
_APPS = re.compile(_any_of("apps"))
_COMPATIBLE = re.compile(r"compatible[;,] *([^;)/,]+)")
_BROWSER_NAMES = re.compile(_any_of("compatible"))
_ENGINES: tuple[str, ...] = tuple(_TABLE["engines"])
_DESKTOP_NAMES = frozenset(_TABLE["desktop_names"])


def is_usual(text: str) -> bool:
    """Say whether a user agent in lower case is one of the few that most people have."""
    return _USUAL.fullmatch(text) is not None


def self_named(text: str) -> str | None:
    """Return the name after ``compatible`` that is no browser's."""
    found = _COMPATIBLE.search(text)
    return None if found is None or _BROWSER_NAMES.match(found[1]) else found[1]


def foreign_name(text: str) -> str | None:
    """Return what a desktop browser of today would not say."""
    desktop = _DESKTOP.match(text)
    if desktop is None or _NOT_DESKTOP.search(text):
        return None
    comment, inside, tail, of_firefox = desktop.groups()
    for part in map(str.strip, comment.split(";")):
        if part and not _DESKTOP_PARTS.fullmatch(part):
            return part
    names = _PRODUCT.findall(f"{inside or ''} {tail or of_firefox or ''}")
    return next((name for name in names if not _is_browsers(name)), None)


def _is_browsers(name: str) -> bool:
    return name in _DESKTOP_NAMES or "browser" in name


def has_form(text: str) -> bool:
    """Say whether it has the form of a browser, or of an app on a named system."""
    comment = _COMMENT.match(text)
    if comment is not None and not _SYSTEMS.search(comment[1]):
        return False
    if _BROWSER.match(text) and any(engine in text for engine in _ENGINES):
        return True
    return _OTHERS.match(text) is not None or _APPS.search(text) is not None
