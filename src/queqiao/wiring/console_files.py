"""Where the built files for browsers lie: beside the checkout's sources, or in the package."""

from pathlib import Path

import queqiao


def console_files() -> Path | None:
    """Return the folder of the built console, None when it was not built."""
    package = Path(queqiao.__file__).parent
    for folder in (package.parents[1] / "console" / "dist", package / "console_dist"):
        if (folder / "index.html").is_file():
            return folder
    return None


def browser_sdk() -> Path:
    """Return where the built browser SDK lies; there is no such file when it was not built."""
    package = Path(queqiao.__file__).parent
    beside = package.parents[1] / "sdk" / "browser" / "dist" / "queqiao.js"
    return beside if beside.is_file() else package / "sdk_dist" / "queqiao.js"
