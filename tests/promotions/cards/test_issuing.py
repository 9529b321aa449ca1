"""Who sells and tops up cards makes money: a scope of its own, and a row in the audit trail."""

import pytest
from sqlalchemy import select

from queqiao.kernel.errors import Refused
from queqiao.ports.records.tables import audit


async def test_who_makes_money_stands_in_the_audit_trail_once(counter):
    counter.offer(value=10_000, reloadable=True, balance_at_most=50_000)
    for _ in range(2):
        await counter.sold(0)
        await counter.do("top-up", 0, request_id="t", amount=500)
    with pytest.raises(Refused):
        await counter.do("top-up", 0, request_id="more", amount=90_000)
    rows = counter.records.read_now(lambda conn: conn.execute(select(audit)).all())
    noted = [row for row in rows if row.action.startswith("card.")]
    assert [(row.action, row.target_id, row.summary, row.actor_id) for row in noted] == [
        ("card.activate", "gift/0", "10000 CNY minor units", "key:1"),
        ("card.top_up", "gift/0", "500 CNY minor units", "key:1"),
    ]
    scopes = {path: route.scope for path, route in counter.routes.items()}
    issuing = {path for path, scope in scopes.items() if scope == "cards"}
    assert issuing == {f"POST /api/v1/cards/{{code}}/{verb}" for verb in ("activate", "top-up")}
