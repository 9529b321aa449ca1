"""The console's routes of coupons beside a till."""

from random import Random

import msgspec
import pytest
from tests.promotions.till import NOW_US, SECRET, coupon

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.coupons.endpoints import CouponServices, handlers
from queqiao.decide.promotions.coupons.gifts import Giver
from queqiao.decide.promotions.coupons.voids import load
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import (
    FieldError,
    InvalidInput,
    Message,
    Refused,
)
from queqiao.kernel.http import Principal, Request
from queqiao.kernel.ids import IdSource
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.warehouse.base import Table
from queqiao.profile.contracts import SEGMENT, SegmentArtifact, SegmentDocument

BATCH = "/api/v1/coupon-batches/{id}"
BOSS = Principal("key:1", "boss", scopes=frozenset({"admin"}))


class History:
    """Stands for the warehouse: what the event log tells of any code."""

    async def query(self, sql, parameters):
        assert parameters["code"]
        return Table(
            ("event", "at", "user_id", "order_id"), [("Coupon Applied", NOW_US, "u1", "o1")]
        )


class Office:
    """The console's routes beside a till."""

    def __init__(self, till, warehouse=None):
        self.till = till
        warehouse = warehouse or History()
        ids = IdSource(FixedClock(NOW_US), Random(1).getrandbits)
        self.dangers = []
        services = CouponServices(
            till.records, SECRET, till.ledger, warehouse, till.log, ids, self._refuse
        )
        self.routes = {f"{route.method} {route.path}": route for route in handlers(services)}

    def _refuse(self, conn, stored, path):
        """Refuse the kinds that are dangerous, as the console's wiring does."""
        if stored.kind in self.dangers:
            assert documents.get(conn, PROMOTION, stored.id).state == "live"
            raise Refused(reason="approval_needed", fields=(FieldError(path, Message("", "")),))

    async def ask(self, name, body=None, now_us=NOW_US, headers=None, **params):
        route = self.routes[name]
        raw = b"" if body is None else msgspec.json.encode(body)
        request = Request(
            route.method, name, params, {}, headers or {}, raw, "10.0.0.1", now_us, BOSS
        )
        response = await route.handler(request)
        return response if response.stream else msgspec.json.decode(response.body)

    async def state(self, number, now_us):
        return await self.state_of(code(self.till, "b", number), now_us)

    async def state_of(self, known, now_us=NOW_US):
        return (await self.ask("GET /api/v1/coupons/{code}", code=known, now_us=now_us))["state"]

    def live(self, batch_id, document):
        """Store a batch and let the till see it, with what is void by now."""
        known = self.till.records.read_now(lambda conn: documents.live(conn, COUPON_BATCH))
        if batch_id not in {one.id for one in known}:
            edit = documents.Edit(SYSTEM, NOW_US)
            self.till.records.write_now(
                lambda conn: (
                    documents.create(conn, COUPON_BATCH, batch_id, document, edit),
                    documents.transition(conn, COUPON_BATCH, batch_id, "live", edit),
                )
            )
        voids = self.till.records.read_now(load)
        self.till.show({"p": coupon(batch_id)}, {batch_id: document}, voids)

    def segment(self, segment_id, members):
        edit = documents.Edit(SYSTEM, NOW_US)
        document = SegmentDocument("vip", {"field": "orders", "op": ">=", "value": 2})
        body = msgspec.msgpack.encode(SegmentArtifact(segment_id, 1, members))

        def store(conn):
            documents.create(conn, SEGMENT, segment_id, document, edit)
            artifacts.put(conn, f"segment:{segment_id}", body, NOW_US)

        self.till.records.write_now(store)

    def giver(self):
        return Giver(self.till.records, self.till.log, SECRET, FixedClock(NOW_US))


def code(till, batch_id, number):
    return till.shop.promotions.code_book.batch(batch_id).code(number)


async def refusals(awaited):
    with pytest.raises(InvalidInput) as refused:
        await awaited
    return [field.path for field in refused.value.fields]
