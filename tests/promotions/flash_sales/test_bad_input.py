"""What the endpoints are sent: each wrong field is named, any bytes are a 4xx, nothing is done."""

from contextlib import suppress

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from tests.promotions.test_endpoints import JSON, paths, put

from queqiao.kernel.errors import CallerError, InvalidInput, TooLarge

WISH = {
    "request_id": "r",
    "customer_id": "u",
    "sku": "A",
    "quantity": 1,
    "session": None,
    "admission": None,
}
ENDPOINTS = {
    "/api/v1/flash-sales/s/reserve": WISH,
    "/api/v1/flash-sales/s/reserve/batch": {"reservations": [WISH]},
    "/api/v1/flash-sales/s/admission": {"customer_id": "u", "session": None, "ticket": None},
    "/api/v1/reservations/rsv_1/commit": {"order_id": "o"},
}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"request_id": ""}, "request_id"),
        ({"request_id": "x" * 201}, "request_id"),
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": "e\u0301"}, "customer_id"),
        ({"customer_id": " u"}, "customer_id"),
        ({"customer_id": "u\u3000"}, "customer_id"),
        ({"customer_id": " "}, "customer_id"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": 10**6}, "quantity"),
        ({"sku": 5}, "sku"),
        ({"session": "x" * 33}, "session"),
        ({"oops": 1}, "oops"),
    ],
)
async def test_a_wrong_field_is_named(counter, fields, path):
    with pytest.raises(InvalidInput) as wrong:
        await counter.post("/api/v1/flash-sales/s/reserve", WISH | fields)
    assert wrong.value.fields[0].path == path
    body = {"reservations": [WISH, WISH | fields]}
    with pytest.raises(InvalidInput) as wrong:
        await counter.post("/api/v1/flash-sales/s/reserve/batch", body)
    assert wrong.value.fields[0].path == f"reservations[1].{path}"
    assert await counter.stock() == (10, 0, 0)


@pytest.mark.parametrize("who", ["u ", "\u3000u", " "])
async def test_nobody_queues_under_an_id_with_spaces_around_it(counter, who):
    with pytest.raises(InvalidInput) as wrong:
        await counter.post("/api/v1/flash-sales/s/admission", {"customer_id": who})
    assert [field.path for field in wrong.value.fields] == ["customer_id"]


async def test_batches_are_bounded(counter):
    path = "/api/v1/flash-sales/s/reserve/batch"
    for body in ({"reservations": []}, {"reservations": [WISH] * 65}):
        with pytest.raises(InvalidInput) as wrong:
            await counter.post(path, body)
        assert wrong.value.fields[0].path == "reservations"
    with pytest.raises(TooLarge):
        await counter.post(path, b" " * 200_001)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
async def test_any_json_is_answered(counter, data):
    path = data.draw(st.sampled_from(sorted(ENDPOINTS)))
    good = ENDPOINTS[path]
    place = data.draw(st.sampled_from(list(paths(good))))
    body = put(good, list(place), data.draw(JSON))
    with suppress(CallerError):  # anything else is a fault of ours
        await counter.post(path, msgspec.json.encode(body))
