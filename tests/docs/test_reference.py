"""Reference pages say all there is: every setting, error, event, document kind and metric."""

from pathlib import Path

import msgspec
import pytest

from queqiao.kernel.errors import CallerError, QueqiaoError, SystemFault, tree
from queqiao.kernel.vocabulary import EVENTS
from queqiao.measure.catalogue import METRICS
from queqiao.measure.dimensions import DIMENSIONS
from queqiao.wiring.kinds import KINDS
from queqiao.wiring.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
BRANCHES = {QueqiaoError.code, CallerError.code, SystemFault.code} - {"broken"}


def named(page: str, language: str) -> str:
    return (DOCS / f"{page}{language}.md").read_text("utf-8")


def settings() -> list[str]:
    return [
        field.name
        for section in msgspec.structs.fields(Settings)
        if section.name != "home"
        for field in msgspec.structs.fields(type(getattr(Settings(), section.name)))
    ]


PAGES = {
    "operating/settings": settings(),
    "reference/errors": sorted(set(tree()) - BRANCHES),
    "reference/events": list(EVENTS),
    "reference/documents": [kind.name for kind in KINDS] + [kind.path for kind in KINDS],
    "reference/metrics": [*METRICS, *DIMENSIONS],
}


@pytest.mark.parametrize("language", ["", ".zh"], ids=["en", "zh"])
@pytest.mark.parametrize("page", PAGES)
def test_the_page_names_everything(page: str, language: str) -> None:
    text = named(page, language)
    missing = [name for name in PAGES[page] if f"`{name}`" not in text and f"/{name}`" not in text]
    assert not missing, f"docs/{page}{language}.md does not name {missing}"


@pytest.mark.parametrize("language", ["", ".zh"], ids=["en", "zh"])
def test_documents_name_every_field(language: str) -> None:
    text = named("reference/documents", language)
    missing = [
        f"{kind.name}.{field}"
        for kind in KINDS
        for field in kind.type.__struct_fields__
        if f"`{field}`" not in text
    ]
    assert not missing, missing
