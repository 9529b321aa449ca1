"""The wheel carries what browsers need, so that an installed system serves the same."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def wheel_of(folder: Path, target: Path) -> zipfile.ZipFile:
    """Build the wheel of a project; return it opened."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, check=True, cwd=folder, capture_output=True, timeout=120)
    (wheel,) = target.glob("*.whl")
    return zipfile.ZipFile(wheel)


def test_the_wheel_carries_the_console_and_the_browser_sdk(tmp_path: Path) -> None:
    with wheel_of(ROOT, tmp_path) as packed:
        for name in ("queqiao.js", "places.js"):
            built = (ROOT / "sdk" / "browser" / "dist" / name).read_bytes()
            assert packed.read(f"queqiao/sdk_dist/{name}") == built
        assert "queqiao/console_dist/index.html" in packed.namelist()


def test_the_python_client_packs_by_itself(tmp_path: Path) -> None:
    """It needs nothing of the system's package, and carries its types."""
    with wheel_of(ROOT / "sdk" / "python", tmp_path) as packed:
        names = packed.namelist()
        assert "queqiao_client/py.typed" in names
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        assert b"Requires-Dist" not in packed.read(metadata)
        script = f"import sys; sys.path.insert(0, {packed.filename!r}); import queqiao_client"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True)
