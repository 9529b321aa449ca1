"""The console's files: each kept once, and the new ones after a build."""

import os
from pathlib import Path

import pytest

from queqiao.kernel.errors import NotFound
from queqiao.operate.static_files import ConsoleFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("first")
    (tmp_path / "assets" / "x.js").write_text("x")
    return tmp_path


async def test_a_file_has_one_name(folder: Path) -> None:
    files = ConsoleFiles(folder)
    assert (await files.answer("assets/x.js", {})).content == b"x"
    for path in ("z1/../assets/x.js", "assets//x.js", "./assets/x.js", "assets/./x.js"):
        with pytest.raises(NotFound):
            await files.answer(path, {})
    assert list(files._known) == ["assets/x.js"]


async def test_a_new_build_is_served(folder: Path) -> None:
    files = ConsoleFiles(folder)
    assert (await files.answer("", {})).content == b"first"
    (folder / "index.html").write_text("second")
    os.utime(folder / "index.html", ns=(1, 1))
    assert (await files.answer("", {})).content == b"second"
