"""The catalogue: each transform by its name, over the columns of an event."""

from collections.abc import Mapping
from typing import Any

from queqiao.kernel.clock import DAY_US, DEFAULT_ZONE, HOUR_US, MINUTE_US
from queqiao.ports.compute.base import KeyedMachine
from queqiao.ports.compute.expression import Call, Expression, call, column
from queqiao.ports.compute.plan import (
    Aggregate,
    Columns,
    Extend,
    Filter,
    Machine,
    Plan,
    Select,
    Tumbling,
    Windows,
)
from queqiao.process.transforms.attribution import Attribution
from queqiao.process.transforms.dedup import Dedup
from queqiao.process.transforms.funnels import Funnel
from queqiao.process.transforms.identity import Identity
from queqiao.process.transforms.sessions import Sessions

EVENT_COLUMNS: Columns = {
    "source": "text",
    "message_id": "text",
    "event": "text",
    "anonymous_id": "text",
    "user_id": "text",
    "at": "time",
    "properties": "text",
}
"""What a transform sees of an event; ``properties`` is the JSON as it came."""

OUT_OF_ORDER_US = MINUTE_US
"""How long machines wait for events that come out of order."""

LATENESS_US = 3 * DAY_US
"""How long windows take late events in and correct themselves."""

FUNNEL = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")

MACHINES: Mapping[str, KeyedMachine[Any]] = {
    "dedup": Dedup(),
    "sessions": Sessions(),
    "campaign_sessions": Sessions(midnight_zone=DEFAULT_ZONE, by_campaign=True),
    "identity": Identity(),
    "purchase_funnel": Funnel(FUNNEL, 7 * DAY_US),
    "last_click": Attribution(),
}
"""Every machine that a plan here names."""


def _property(name: str) -> Call:
    return call("json_text", column("properties"), name)


def _person() -> Call:
    return call("coalesce", column("user_id"), column("anonymous_id"))


def _id() -> Call:
    """Message ids are unique within their source only; the length keeps both apart."""
    length = call("to_text", call("length", column("source")))
    return call("concat", length, ":", column("source"), column("message_id"))


def _machine(name: str, key: Expression, columns: Mapping[str, Expression], order: Any) -> Plan:
    select = Select({"key": key, "at": column("at"), **columns})
    waits = 0 if order == "arrival" else OUT_OF_ORDER_US
    return Plan(name, EVENT_COLUMNS, (select, Machine(name, "key", "at", waits, order)))


def _events_by(name: str, unit: str, size_us: int) -> Plan:
    """Count events and revenue by event; days are those of the shop's zone."""
    bucket = call("truncate_time", column("at"), unit, DEFAULT_ZONE)
    revenue = call("json_int", column("properties"), "total_minor")
    windows = Windows(
        keys=("event", "bucket"),
        time="at",
        window=Tumbling(size_us),
        aggregates={
            "events": Aggregate("count"),
            "people": Aggregate("distinct", "person"),
            "revenue_minor": Aggregate("sum", "revenue_minor"),
        },
        lateness_us=LATENESS_US,
        early=True,
    )
    extend = Extend({"bucket": bucket, "person": _person(), "revenue_minor": revenue})
    named = Filter(call("not", call("is_null", column("event"))))
    return Plan(name, EVENT_COLUMNS, (named, extend, windows))


_CAMPAIGN = {"campaign": _property("campaign_id")}

TRANSFORMS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        _machine("dedup", _id(), {"id": _id()}, "arrival"),
        _machine("sessions", column("anonymous_id"), _CAMPAIGN, "time"),
        _machine("campaign_sessions", column("anonymous_id"), _CAMPAIGN, "time"),
        _machine(
            "identity",
            column("anonymous_id"),
            {"id": _id(), "user": column("user_id")},
            "time",
        ),
        _machine("purchase_funnel", _person(), {"event": column("event")}, "time"),
        _machine(
            "last_click",
            _person(),
            {
                "event": column("event"),
                **_CAMPAIGN,
                "order_id": _property("order_id"),
                "amount": call("json_int", column("properties"), "total_minor"),
            },
            "time",
        ),
        _events_by("events_a_minute", "minute", MINUTE_US),
        _events_by("events_an_hour", "hour", HOUR_US),
    )
}
"""Every transform by its name."""
