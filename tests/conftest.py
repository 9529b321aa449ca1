"""Fixtures that every suite may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data beside the project; tests that need it skip without it."""
    folder = Path(os.environ.get("QUEQIAO_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip("the folder of public data sets is not beside this checkout (QUEQIAO_SHARED)")
    return folder
