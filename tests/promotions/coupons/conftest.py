"""The office that every test here may use."""

import pytest
from tests.promotions.coupons.office import Office


@pytest.fixture
def office(till):
    return Office(till)
