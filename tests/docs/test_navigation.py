"""Every page of the documentation is led to, and has its other language."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ONE_LANGUAGE = "decisions/"
"""Decision records are in English, and led to by their list."""
BOTH_AT_ONCE = {"glossary.md"}


def _led_to(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        for below in entry.values():
            yield from _led_to(below)
    else:
        for below in entry:
            yield from _led_to(below)


def _pages() -> set[str]:
    found = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    return {page for page in found if not page.startswith(ONE_LANGUAGE)}


def test_every_page_is_led_to() -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))
    assert _pages() - set(_led_to(settings["project"]["nav"])) == set()


def test_every_page_is_there_in_both_languages() -> None:
    pages = _pages() - BOTH_AT_ONCE
    english = {page for page in pages if not page.endswith(".zh.md")}
    chinese = {page.removesuffix(".zh.md") + ".md" for page in pages - english}
    assert english == chinese
