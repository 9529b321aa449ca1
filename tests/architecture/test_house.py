"""The house keeps its habits: rooms have READMEs, files stay small, settings are documented."""

import json
import re
import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from queqiao.wiring.settings import Settings, read

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "queqiao"
RATCHET = ROOT / "tests" / "architecture" / "ratchet.json"
LINES_MAX = 400

STAGES = ["collect", "process", "catalog", "profile", "decide", "reach", "measure", "operate"]
NEEDS_README = [
    *(SOURCE / stage for stage in STAGES),
    *(SOURCE / "decide" / part for part in ("ads", "recommend", "promotions")),
    *(folder for folder in (SOURCE / "ports").iterdir() if (folder / "base.py").exists()),
]


def tracked(*patterns: str) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("folder", NEEDS_README, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_stage_and_port_says_what_it_is(folder: Path) -> None:
    readme = folder / "README.md"
    assert readme.exists(), f"{folder} needs a README.md of about ten lines"
    assert 5 <= len(readme.read_text("utf-8").splitlines()) <= 60


@pytest.mark.parametrize("stage", STAGES)
def test_stages_meet_through_contracts(stage: str) -> None:
    assert list((SOURCE / stage).rglob("contracts.py")), f"{stage} needs a contracts.py"


def test_stages_import_each_other_through_contracts_only() -> None:
    room = re.compile(
        r"^\s*from queqiao\.((?:decide\.\w+)|\w+)((?:\.\w+)*) import|^\s*import queqiao\.(\w+)",
        re.MULTILINE,
    )
    free = {"kernel", "ports"}
    strays = []
    for file in (path for stage in STAGES for path in (SOURCE / stage).rglob("*.py")):
        parts = file.relative_to(SOURCE).parts
        own = f"decide.{parts[1]}" if parts[0] == "decide" and len(parts) > 2 else parts[0]
        for found in room.finditer(file.read_text("utf-8")):
            other, rest = found[1] or found[3], found[2] or ""
            if other not in free and other != own and not rest.endswith(".contracts"):
                strays.append(f"{file.relative_to(ROOT)}: queqiao.{other}{rest}")
    assert not strays, strays


def test_files_stay_small() -> None:
    """No file grows past 400 lines; those on record may only shrink."""
    allowed: dict[str, int] = json.loads(RATCHET.read_text("utf-8"))
    over = {}
    for path in tracked("*.py", "*.ts", "*.tsx", "*.css"):
        lines = len(path.read_text("utf-8").splitlines())
        name = str(path.relative_to(ROOT))
        if lines > allowed.get(name, LINES_MAX):
            over[name] = lines
    assert not over, f"split these: {over}"


def test_the_sample_settings_name_every_setting_with_its_default() -> None:
    sample = tomllib.loads((ROOT / "queqiao.toml").read_text("utf-8"))
    settings = Settings()
    defaults = {
        field.name: msgspec.to_builtins(getattr(settings, field.name))
        for field in msgspec.structs.fields(Settings)
        if field.name != "home"
    }
    assert sample == defaults


def test_the_sample_settings_explain_every_setting() -> None:
    lines = (ROOT / "queqiao.toml").read_text("utf-8").splitlines()
    bare = [
        line
        for before, line in pairwise(lines)
        if re.match(r"\w+ =", line) and not (before.startswith("#") or re.match(r"\w+ =", before))
    ]
    assert not bare, bare
    assert read(ROOT / "queqiao.toml", Path("x")) == Settings(home=Path("x"))


def test_links_in_documents_resolve() -> None:
    broken = []
    for document in tracked("*.md"):
        for target in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", document.read_text("utf-8")):
            if not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)} -> {target}")
    assert not broken, broken


def test_every_document_has_both_languages() -> None:
    docs = ROOT / "docs"
    missing = [
        str(page.relative_to(docs))
        for page in docs.glob("*/*.md")
        if page.parts[-2] in {"start", "guides", "concepts", "operating"}
        and not page.name.endswith(".zh.md")
        and not page.with_suffix(".zh.md").exists()
    ]
    assert not missing, missing


def test_no_machine_paths_and_no_download_addresses() -> None:
    """The checkout speaks of the project alone."""
    path = re.compile(r"(?<![\w.-])/(?:work|farm|root)/[a-z.]")
    address = re.compile(r'"resolved": *"https?:|^-?-?(?:extra-)?index-url', re.MULTILINE)
    strays = []
    for file in tracked():
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if path.search(text) or address.search(text):
            strays.append(str(file.relative_to(ROOT)))
    assert strays in ([], ["tests/architecture/test_house.py"])
