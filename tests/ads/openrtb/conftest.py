"""The published OpenRTB files, beside the project."""

import json
import os
from pathlib import Path

import pytest
from tests.ads.openrtb.exchange import Exchange
from tests.ads.openrtb.proto import Proto


@pytest.fixture(scope="session")
def openrtb_files():
    root = Path(os.environ.get("QUEQIAO_SHARED", Path(__file__).parents[4] / "shared"))
    folder = root / "spec" / "openrtb"
    if not folder.is_dir():
        pytest.skip("the published OpenRTB files are not beside this checkout (QUEQIAO_SHARED)")
    return folder


@pytest.fixture(scope="session")
def proto(openrtb_files):
    return Proto(openrtb_files / "openrtb.proto")


@pytest.fixture(scope="session")
def examples(openrtb_files):
    """Every published example: name, kind, body."""
    found = [
        (file.stem, json.loads(file.read_text("utf-8"))) for file in openrtb_files.glob("*.json")
    ]
    assert len(found) >= 14
    return [(name, each["kind"], each["body"]) for name, each in sorted(found)]


@pytest.fixture
async def exchange(tmp_path):
    exchange = Exchange(tmp_path)
    yield exchange
    await exchange.ledger.close()
    exchange.log.close()
