"""Examples on the pages of promotions: exemplary golden cases, answered as a quote answers them.

``python -m tests.promotions.pages`` writes them between the marks of the pages in both languages;
a test compares. A case is exemplary when it has ``shown``: its title in both languages.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.profiles import PRESETS
from queqiao.decide.promotions.quote_types import Quote, QuotedLine, QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel import json as wire

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/cases/promotions"
SHOP = Shop(compile_snapshot([], [], b"a key of the test"), PriceBook())
NOW_US = 1_780_000_000_000_000
THEMES = {
    "benefits": (
        "percent_and_fixed", "levels", "picked_units", "threshold", "tiers", "unit_prices",
        "nth_unit", "buy_get", "bundles",
    ),
    "stacking": ("layers", "groups", "togetherness", "one_per_unit", "minimum_price", "caps"),
}  # fmt: skip
"""What stands between the marks of that name, in the order of the themes."""

PAGES = {"benefits": "docs/guides/promotions", "stacking": "docs/concepts/prices"}
WORDS = {
    "en": {"goods": "goods", "price": "price", "units": "units", "off": "off each unit",
           "sum": "Off {}, to pay {}.", "gives": "`{}` gives {}", "not": "`{}` does not: `{}`",
           "floor": "(at least {})",
           "name": "name", "says": "how it reckons", "profile": "Profile", "code": "with code"},
    "zh": {"goods": "商品", "price": "单价", "units": "件数", "off": "每件减",
           "sum": "共减 {}，应付 {}。", "gives": "`{}` 减 {}", "not": "`{}` 不生效：`{}`",
           "floor": "（不低于 {}）",
           "name": "名称", "says": "怎么算", "profile": "计算方案", "code": "用券"},
}  # fmt: skip


def files() -> Iterator[tuple[Path, str]]:
    """Yield each page with what it has to say."""
    for part, page in PAGES.items():
        for language, ending in (("en", ".md"), ("zh", ".zh.md")):
            path = ROOT / f"{page}{ending}"
            text = _between(path.read_text("utf-8"), part, examples(part, language))
            yield path, _between(text, "presets", presets(language))


def _between(text: str, part: str, written: str) -> str:
    """Return a page with its part anew; a page without such marks as it is."""
    marks = re.compile(f"(<!-- {part} -->\n).*?(<!-- /{part} -->)", re.DOTALL)
    return marks.sub(lambda found: f"{found[1]}\n{written}\n\n{found[2]}", text)


def presets(language: str) -> str:
    """Return the table of named profiles."""
    words = WORDS[language]
    rows = [f"| `{name}` | {getattr(kept.says, language)} |" for name, kept in PRESETS.items()]
    return "\n".join([f"| {words['name']} | {words['says']} |", "|---|---|", *rows])


def examples(part: str, language: str) -> str:
    """Return the exemplary cases of a part."""
    cases = (
        case
        for theme in THEMES[part]
        for case in json.loads((CASES / f"{theme}.json").read_text("utf-8"))
        if "shown" in case
    )
    return "\n\n".join(_example(case, language) for case in cases)


def _example(case: dict[str, Any], language: str) -> str:
    question = case["request"]
    answer = quote(wire.decode(wire.encode(question), QuoteRequest), SHOP, NOW_US)
    parts = [f"### {case['shown'][language]}", _rules(question), *_around(question, language)]
    return "\n\n".join(
        [*parts, _lines(question, answer, language), _sums(question, answer, language)]
    )


def _rules(question: dict[str, Any]) -> str:
    promotions = question["promotions"]
    alone = [set(promotion) == {"id", "name", "benefit"} for promotion in promotions] == [True]
    shown = [
        promotion["benefit"] if alone else {k: v for k, v in promotion.items() if k != "name"}
        for promotion in promotions
    ]
    return "\n".join(["```json", *(_json(rule) for rule in shown), "```"])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _around(question: dict[str, Any], language: str) -> Iterator[str]:
    """Yield the profile and the codes, where the case has some."""
    words = WORDS[language]
    said = []
    if "profile" in question:
        said.append(f"{words['profile']} `{_json(question['profile'])}`")
    if "codes" in question:
        said.append(f"{words['code']} `{', '.join(question['codes'])}`")
    if said:
        yield "; ".join(said) if language == "en" else "；".join(said)


def _lines(question: dict[str, Any], answer: Quote, language: str) -> str:
    words = WORDS[language]
    prices = {item["sku"]: _price(item, words["floor"]) for item in question["catalog"]}
    head = [words[name] for name in ("goods", "price", "units", "off")]
    rows = [[line.sku, prices[line.sku], str(line.quantity), _units(line)]
            for line in answer.lines]  # fmt: skip
    return "\n".join(_row(cells) for cells in [head, ["---"] * 4, *rows])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _price(item: dict[str, Any], floor: str) -> str:
    price = _money(item["price"])
    return (
        f"{price} {floor.format(_money(item['minimum_price']))}"
        if "minimum_price" in item
        else price
    )


def _units(line: QuotedLine) -> str:
    """Return what each unit gives; once where all give the same."""
    discounts = [_money(unit.discount) for unit in line.units]
    return discounts[0] if len(set(discounts)) == 1 else " · ".join(discounts)


def _sums(question: dict[str, Any], answer: Quote, language: str) -> str:
    words, totals = WORDS[language], answer.totals
    said = words["sum"].format(_money(totals.discount), _money(totals.total))
    if len(question["promotions"]) == 1:
        return said
    each = [words["gives"].format(item.promotion_id, _money(item.amount))
            for item in answer.applied]  # fmt: skip
    each += [words["not"].format(item.promotion_id, item.reason) for item in answer.refused]
    joined = ", ".join(each) + "." if language == "en" else "，".join(each) + "。"
    return f"{said} {joined}" if language == "en" else said + joined


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


if __name__ == "__main__":
    for written_path, content in files():
        written_path.write_text(content, "utf-8")
