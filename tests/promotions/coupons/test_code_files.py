"""Printable files: whole in every form, made piece by piece, and the trail says who has them."""

import gzip
import io
import zipfile

import pytest
from sqlalchemy import select

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons.code_book import PURPOSE
from queqiao.decide.promotions.coupons.codes import CodeMaker, CodeSpace
from queqiao.decide.promotions.coupons.endpoints import CouponServices, handlers
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.errors import InvalidInput, NotFound
from queqiao.kernel.http import Principal, Request
from queqiao.ports.records import audit, documents
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.records.tables import audit as trail

NOW_US = 1_780_000_000_000_000
SECRET = b"the coupon key of the test, long"
COUNT = 70_000
KEY = Principal("key:1", "the press", scopes=frozenset({"write"}))


@pytest.fixture
def records(tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    edit = documents.Edit(audit.SYSTEM, NOW_US)
    made = CouponBatchDocument(name="made", prefix="n-", count=COUNT)
    listed = CouponBatchDocument(name="listed", codes=("one", "TWO", "three"))

    def store(conn):
        documents.create(conn, COUPON_BATCH, "made", made, edit)
        documents.create(conn, COUPON_BATCH, "listed", listed, edit)

    records.write_now(store)
    yield records
    records.close()


async def fetched(records, form, batch="made", **query):
    routes = {
        route.path: route
        for route in handlers(CouponServices(records, SECRET, None, None, None, None, None))
    }
    route = routes[f"/api/v1/coupon-batches/{{id}}/codes.{form}"]
    request = Request("GET", route.path, {"id": batch}, query, {}, b"", "10.0.0.9", NOW_US, KEY)
    response = await route.handler(request)
    pieces = list(response.stream)
    return response, pieces


def expected(first=0, end=COUNT):
    made = CodeMaker(CodeSpace(SECRET, PURPOSE), "made", "n-", COUNT)
    return [made.code(number) for number in range(first, end)]


async def test_a_csv_says_its_length_and_comes_in_pieces(records):
    response, pieces = await fetched(records, "csv")
    body = b"".join(pieces)
    assert dict(response.headers)["content-length"] == str(len(body))
    assert dict(response.headers)["content-disposition"] == 'attachment; filename="made.csv"'
    assert body.decode().split() == ["code", *expected()]
    assert len(pieces) > 2
    assert max(map(len, pieces)) < 2_000_000


async def test_text_gzip_and_zip_hold_the_same_codes(records):
    _, text = await fetched(records, "txt")
    _, packed = await fetched(records, "csv.gz")
    _, zipped = await fetched(records, "zip")
    assert b"".join(text).decode().split() == expected()
    assert gzip.decompress(b"".join(packed)).decode().split() == ["code", *expected()]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped))) as archive:
        assert archive.testzip() is None
        assert archive.read("made.csv").decode().split() == ["code", *expected()]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"from": "69998"}, (69_998, COUNT)),
        ({"from": "3", "count": "2"}, (3, 5)),
        ({"from": "80000"}, (0, 0)),
        ({"count": "0"}, (0, 0)),
    ],
)
async def test_a_part_is_asked_for_by_number(records, query, numbers):
    response, pieces = await fetched(records, "txt", **query)
    assert b"".join(pieces).decode().split() == expected(*numbers)
    assert dict(response.headers)["content-length"] == str(sum(map(len, pieces)))


async def test_listed_codes_are_printed_as_they_are_looked_up(records):
    _, pieces = await fetched(records, "csv", "listed")
    assert b"".join(pieces).decode().split() == ["code", "ONE", "TWO", "THREE"]


async def test_the_trail_says_who_took_which_codes(records):
    await fetched(records, "csv", **{"from": "10", "count": "5"})
    (row,) = records.read_now(
        lambda conn: conn.execute(select(trail).where(trail.c.action == "coupon_batch.download"))
    ).all()
    assert (row.actor_name, row.target_id, row.address) == ("the press", "made", "10.0.0.9")
    assert row.summary == "codes 10 to 15"


@pytest.mark.parametrize("query", [{"from": "-1"}, {"count": "x"}, {"from": "9" * 10}])
async def test_a_wrong_number_names_its_field(records, query):
    with pytest.raises(InvalidInput) as refused:
        await fetched(records, "csv", **query)
    assert refused.value.fields[0].path == next(iter(query))


async def test_no_such_batch_is_not_found(records):
    with pytest.raises(NotFound):
        await fetched(records, "csv", "nothing")
