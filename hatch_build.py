"""Packs what was built for browsers into the wheel: the console, and the browser SDK.

The running package finds them in ``queqiao.wiring.console_files``. An editable installation needs
none of it: there the files lie beside the sources.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = {"console/dist": "queqiao/console_dist", "sdk/browser/dist": "queqiao/sdk_dist"}
"""Folders of the checkout, and where they go."""


class BuiltFiles(BuildHookInterface):  # type: ignore[type-arg]  # its configuration is not used
    """Adds the built folders; one that was not built is left out, with a warning."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folders to add."""
        for folder, place in BUILT.items() if version != "editable" else ():
            built = Path(self.root, folder)
            if built.is_dir():
                build_data["force_include"][str(built)] = place
            else:
                self.app.display_warning(f"{folder} is not built and not packed; run: make setup")
