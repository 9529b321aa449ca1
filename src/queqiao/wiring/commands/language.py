"""The language of the terminal."""

import os
from typing import Literal


def language() -> Literal["zh", "en"]:
    """Return ``zh`` where LC_ALL, LC_MESSAGES or LANG says so, else ``en``."""
    said = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return "zh" if said.lower().startswith("zh") else "en"
