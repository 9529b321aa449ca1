"""Where the built console lies: beside the checkout's sources, or packed into the package."""

from pathlib import Path

import queqiao


def console_files() -> Path | None:
    """Return the folder of the built console, None when it was not built."""
    package = Path(queqiao.__file__).parent
    for folder in (package.parents[1] / "console" / "dist", package / "console_dist"):
        if (folder / "index.html").is_file():
            return folder
    return None
