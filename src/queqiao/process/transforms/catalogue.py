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
from queqiao.process.sessions import SessionRules
from queqiao.process.transforms.attribution import Attribution
from queqiao.process.transforms.dedup import Dedup
from queqiao.process.transforms.funnels import Funnel
from queqiao.process.transforms.identity import Devices, Identity
from queqiao.process.transforms.sessions import Sessions

EVENT_COLUMNS: Columns = {
    "source": "text",
    "message_id": "text",
    "event": "text",
    "anonymous_id": "text",
    "user_id": "text",
    "at": "time",
    "properties": "text",
    "campaign": "text",
}
"""What a transform sees of an event, read as the loader reads it: ``at`` is mended, ``campaign``
names what the visit came by; ``properties`` is the JSON as it came."""

OUT_OF_ORDER_US = MINUTE_US
"""How long machines wait for events that come out of order."""

LATENESS_US = 3 * DAY_US
"""How long windows take late events in and correct themselves."""

FUNNEL = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")

MACHINES: Mapping[str, KeyedMachine[Any]] = {
    "dedup": Dedup(),
    "devices": Devices(),
    "sessions": Sessions(),
    "campaign_sessions": Sessions(SessionRules(ends_at_midnight=True, ends_with_campaign=True)),
    "identity": Identity(),
    "purchase_funnel": Funnel(FUNNEL, 7 * DAY_US),
    "last_click": Attribution(),
}
"""Every machine that a plan here names."""

MACHINES_NAME = f"{__name__}:MACHINES"
"""What engines in other processes find them by."""


def _property(name: str) -> Call:
    return call("json_text", column("properties"), name)


def _person() -> Call:
    return call("coalesce", column("user_id"), column("anonymous_id"))


def _id() -> Call:
    """Message ids are unique within their source only; the length keeps both apart."""
    length = call("to_text", call("length", column("source")))
    return call("concat", length, ":", column("source"), column("message_id"))


def _own(first: str, second: str) -> Call:
    """The first of two ids that there is, marked which one it is."""
    marks = {"anonymous_id": "a:", "user_id": "u:"}
    marked = [call("concat", marks[name], column(name)) for name in (first, second)]
    return call("coalesce", *marked)


def _machine(
    name: str,
    key: Expression,
    columns: Mapping[str, Expression],
    order: Any = "time",
    of: Columns = EVENT_COLUMNS,
) -> Plan:
    select = Select({"key": key, "at": column("at"), **columns})
    waits = 0 if order == "arrival" else OUT_OF_ORDER_US
    return Plan(name, of, (select, Machine(name, "key", "at", waits, order)))


def _named(*names: str) -> dict[str, Expression]:
    return {name: column(name) for name in names}


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


TRANSFORMS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        _machine("dedup", _id(), {"id": _id()}, "arrival"),
        _machine(
            "devices",
            _own("user_id", "anonymous_id"),
            {"id": _id(), **_named("anonymous_id", "user_id", "campaign")},
        ),
        _machine("sessions", column("device"), _named("campaign"), of=Devices.gives),
        _machine("campaign_sessions", column("device"), _named("campaign"), of=Devices.gives),
        _machine(
            "identity",
            _own("anonymous_id", "user_id"),
            {"id": _id(), **_named("anonymous_id", "user_id", "event", "properties")},
        ),
        _machine("purchase_funnel", column("person"), _named("event"), of=Identity.gives),
        _machine(
            "last_click",
            column("person"),
            {
                **_named("event"),
                "campaign": _property("campaign_id"),
                "order_id": _property("order_id"),
                "amount": call("json_int", column("properties"), "total_minor"),
            },
            of=Identity.gives,
        ),
        _events_by("events_a_minute", "minute", MINUTE_US),
        _events_by("events_an_hour", "hour", HOUR_US),
    )
}
"""Every transform by its name."""

AFTER: Mapping[str, str] = {
    "sessions": "devices",
    "campaign_sessions": "devices",
    "purchase_funnel": "identity",
    "last_click": "identity",
}
"""The transforms that read what another one gives, and which; the others read events."""
