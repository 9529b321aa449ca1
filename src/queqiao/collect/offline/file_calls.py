"""The rows of one document as Segment calls: receipts and orders, contacts, members.

Message ids are made of the kind and the file's own keys, and nothing of the file's name or of the
time of the import is in a call: the same row in another file is the same event, bit for bit.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from queqiao.collect.offline.file_rows import DataRow, Reading

CHANNEL = "offline"
_PLAIN_ID_CHARS = 180
_SALES = ("sku", "name", "category", "coupon")


class Call(Struct, frozen=True, gc=False):
    """One call, as JSON."""

    message_id: str
    body: bytes
    amount_minor: int = 0
    currency: str = ""


def calls_of(reading: Reading, rows: Sequence[DataRow]) -> list[Call]:
    """Return the calls of one document's good rows."""
    if reading.kind == "members":
        return [_member(row.values) for row in rows]
    if reading.kind == "contacts":
        return [_contact(rows[0].values)]
    return _sale(reading, rows)


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _bounded(name: str) -> str:
    """Return an id that fits; a long one as its digest."""
    return name if len(name) <= _PLAIN_ID_CHARS else _digest(name)


def _whose(values: Mapping[str, Any], otherwise: str) -> dict[str, str]:
    """Return the ids of the person: the member number, and a device that stands for the phone.

    Both together tie them, so that earlier and later rows with only the phone are the member's.
    """
    found: dict[str, str] = {}
    if values.get("member_no"):
        found["userId"] = values["member_no"]
    if values.get("phone"):
        found["anonymousId"] = f"phone:{_digest('queqiao phone', values['phone'])}"
    return found or {"anonymousId": otherwise}


def _context(values: Mapping[str, Any], channel: str = CHANNEL) -> dict[str, Any]:
    traits = {"phone": values.get("phone"), "member_card": values.get("member_no")}
    kept = {name: value for name, value in traits.items() if value}
    return {"channel": channel, **({"traits": kept} if kept else {})}


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _member(values: Mapping[str, Any]) -> Call:
    """Return an identify call; its id holds a digest, so that a changed member is told anew."""
    traits = _without_none(
        {
            "member_card": values["member_no"],
            "member_level": values.get("level"),
            "created_at": values.get("time"),
            **{
                name: values.get(name)
                for name in ("phone", "name", "email", "gender", "birthday", "points", "city")
            },
            "store": values.get("store"),
        }
    )
    body = {"type": "identify", **_whose(values, ""), "traits": traits,
            "context": {"channel": CHANNEL}}  # fmt: skip
    content = msgspec.json.encode(body, order="sorted").decode()
    message_id = f"members:{values['member_no']}:{_digest(content)}"
    return Call(message_id, msgspec.json.encode({**body, "messageId": message_id}))


def _contact(values: Mapping[str, Any]) -> Call:
    names = ("contact_id", "direction", "agent", "topic", "result", "duration_s", "satisfaction",
             "order_id", "store")  # fmt: skip
    message_id = _bounded(f"contacts:{values['contact_id']}")
    properties = _without_none({name: values.get(name) for name in names})
    return _track("Contact Handled", message_id, values, properties, _context(values))


def _track(
    event: str,
    message_id: str,
    values: Mapping[str, Any],
    properties: Mapping[str, Any],
    context: Mapping[str, Any],
) -> Call:
    body = {
        "type": "track",
        "event": event,
        "messageId": message_id,
        **_whose(values, message_id),
        "timestamp": values["time"],
        "properties": properties,
        "context": context,
    }
    total, currency = properties.get("total_minor", 0), properties.get("currency", "")
    signed = -total if event == "Order Refunded" else total
    return Call(message_id, msgspec.json.encode(body), signed, currency)


def _sale(reading: Reading, rows: Sequence[DataRow]) -> list[Call]:
    """Return the sale of the positive lines and the return of the negative ones."""
    sold = [row for row in rows if row.values["quantity"] > 0]
    back = [row for row in rows if row.values["quantity"] < 0]
    name = _bounded(rows[0].key)
    found = (
        [_order("Order Completed", name, f"{reading.kind}:{name}", reading, sold)] if sold else []
    )
    if back:
        # A receipt that takes back and sells is two documents; the return is not of its own sale.
        of = f"{name}:return" if sold else name
        found.append(_order("Order Refunded", of, f"{reading.kind}:{name}:return", reading, back))
    return found


def _order(
    event: str, order_id: str, message_id: str, reading: Reading, rows: Sequence[DataRow]
) -> Call:
    first = _together(rows)
    lines = [_line(row.values) for row in rows]
    discount = sum(line.get("discount_minor", 0) for line in lines)
    total = sum(
        line["price_minor"] * line["quantity"] - line.get("discount_minor", 0) for line in lines
    )
    properties = {
        "order_id": order_id,
        "currency": (first.get("currency") or reading.currency).upper(),
        "total_minor": total,
        "affiliation": first.get("store"),
        "discount_minor": discount or None,
        "receipt_no": first.get("receipt_no"),
        "till": first.get("till"),
        "cashier": first.get("cashier"),
        "payment_method": first.get("payment"),
        "coupon": first.get("coupon"),
        "products": lines,
    }
    context = _context(first, first.get("channel") or CHANNEL)
    return _track(event, message_id, first, _without_none(properties), context)


def _together(rows: Sequence[DataRow]) -> dict[str, Any]:
    """Return what the rows say of the whole: of each field the first that is there."""
    found: dict[str, Any] = {}
    for row in reversed(rows):
        found |= _without_none(row.values)
    return found | {"time": min(row.values["time"] for row in rows)}


def _line(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return one product. What was paid is exact: a remainder of the division is a discount."""
    quantity = abs(values["quantity"])
    price, amount = values.get("price"), values.get("amount")
    unpaid = abs(values.get("discount") or 0)
    amount = price * quantity - unpaid if amount is None else abs(amount)
    if price is None or price * quantity < amount:
        price = -(-amount // quantity)
    line = {name: values.get(name) for name in _SALES}
    line |= {"quantity": quantity, "price_minor": price}
    line["discount_minor"] = price * quantity - amount or None
    return _without_none(line)
