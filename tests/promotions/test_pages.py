"""The examples on the pages are what quotes answer."""

from tests.promotions import pages


def test_the_pages_show_the_cases_as_they_are_answered():
    for path, content in pages.files():
        written = path.read_text("utf-8")
        assert written == content, f"{path.name}: python -m tests.promotions.pages"
        assert content.count("\n### ") >= 8


def test_both_languages_show_every_exemplary_case():
    for part in pages.THEMES:
        english, chinese = (pages.examples(part, language) for language in ("en", "zh"))
        assert english.count("### ") == chinese.count("### ") >= 8
