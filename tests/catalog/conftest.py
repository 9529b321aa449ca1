"""The desk that every test here may use."""

import pytest
from tests.catalog.desk import Desk


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    desk.records.close()
