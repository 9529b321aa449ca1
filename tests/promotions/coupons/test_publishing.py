"""What keeps a batch from going live."""

import pytest

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons import publishing
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords


def test_two_batches_never_make_the_same_codes(tmp_path, monkeypatch):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    edit = documents.Edit(SYSTEM, 1)

    def store(conn):
        for name in ("a", "b"):
            batch = CouponBatchDocument(name=name, count=9)
            documents.create(conn, COUPON_BATCH, name, batch, edit)
            documents.transition(conn, COUPON_BATCH, name, "live", edit)
        publishing.check_live_coupon_batch(batch, conn)
        monkeypatch.setattr(publishing, "tag_of", lambda _batch_id: 7)
        with pytest.raises(InvalidInput) as refused:
            publishing.check_live_coupon_batch(batch, conn)
        return refused.value.fields[0].path

    assert records.write_now(store) == "id"
    records.close()
