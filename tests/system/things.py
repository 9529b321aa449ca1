"""One of everything on a running system, so that each documented path leads to something."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from bench.harness import System
from tests.system.waiting import until

from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings

PRODUCT = {
    "product_id": "P1",
    "name": "茶",
    "category": ["茶叶"],
    "skus": [{"sku": "S1", "price_minor": 15_000, "currency": "CNY", "stock": 10}],
}
FOR_ALL = {"holdback_percent": "0"}
"""Of a promotion that one customer must get: who is held back differs from home to home."""
DOCUMENTS: dict[str, dict[str, Any]] = {
    "placements": {"name": "首页", "floor_minor": 5, "currency": "CNY"},
    "segments": {"name": "buyers", "expression": {"field": "orders", "op": ">=", "value": 1}},
    "campaigns": {
        "name": "tea",
        "advertiser": "a",
        "placements": ["{id}"],
        "bid_minor": 50,
        "currency": "CNY",
        "daily_budget_minor": 100_000,
        "creatives": [{"id": "cr", "title": "买茶", "landing_url": "https://example.com/"}],
    },
    "advertisers": {"name": "品牌方", "currency": "CNY"},
    "creatives": {"name": "茶图", "title": "买茶", "landing_url": "https://example.com/"},
    "ad-groups": {
        "name": "茶友",
        "campaign": "{id}",
        "placements": ["{id}"],
        "bid_minor": 60,
        "creatives": ["{id}"],
    },
    "deals": {
        "name": "优先合约",
        "kind": "preferred",
        "currency": "CNY",
        "cpm_minor": 100,
        "placements": ["{id}"],
        "advertisers": ["a"],
    },
    "bidders": {"name": "外部竞价方", "url": "https://bidder.example/openrtb2"},
    "publishers": {"name": "媒体"},
    "stored-requests": {"name": "首页", "kind": "imp", "body": {"id": "1"}},
    "coupon-batches": {"name": "codes", "codes": ["{CODE}"], "personal": {}},
    "card-products": {"name": "礼品卡", "currency": "CNY", "count": 9, "value": 1_000},
    "calculation-profiles": {"name": "ours", "rounding": "down"},
    "promotions": {
        "name": "减10",
        "benefit": {"type": "fixed", "amount": 1_000},
        "code_batch": "{id}",
    },
    "flash-sales": {
        "name": "秒杀",
        "items": [{"sku": "S1", "price_minor": 9_900, "stock": 1_000}],
        "sessions": [{"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}],
    },
    "points-programmes": {
        "name": "会员积分",
        "available_after_days": 7,
        "expires": "months",
        "tiers": [{"name": "金卡", "at_least": 1_000, "earn_percent": 150}],
    },
    "referral-programmes": {
        "name": "老带新",
        "newcomer_batch": "{id}",
        "reward": {"type": "points", "points": 500},
        "link": "https://example.com/?r={code}",
    },
    "event-schemas": {
        "name": "{event}",
        "mode": "lenient",
        "schema": {"type": "object", "required": ["room_id"]},
    },
    "import-mappings": {
        "name": "{id}",
        "kind": "members",
        "columns": {"member_no": "会员号"},
    },
    "landing-pages": {
        "name": "main",
        "slug": "{id}",
        "title": {"zh": "会场"},
        "blocks": [{"type": "hero", "id": "hero", "heading": {"zh": "会场"}}],
    },
    "webhooks": {
        "name": "orders",
        "url": "http://127.0.0.1:9/hook",
        "events": ["Order Completed"],
    },
}


ALONE = ("points-programmes", "referral-programmes")
"""Kinds of which one document is live at a time."""


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    return value


def documents(prefix: str) -> dict[str, Any]:
    """Return one document of each kind; those that name others name the ones of the prefix."""
    names = {"{id}": prefix, "{CODE}": code_of(prefix), "{event}": f"{prefix} happened"}
    return {path: _filled(document, names) for path, document in DOCUMENTS.items()}


def code_of(prefix: str) -> str:
    """Return the coupon code of a prefix."""
    return f"{prefix.upper()}-CODE"


@dataclass
class Things:
    """What was made; ``ids`` by the collection of their path."""

    prefix: str
    ids: dict[str, str] = field(default_factory=dict)


def admin(system: System, **options: Any) -> httpx.Client:
    """Return a client that may do everything."""
    headers = {"authorization": f"Bearer {system.admin_key}"}
    return httpx.Client(base_url=system.base_url, headers=headers, timeout=30, **options)


def good(answer: httpx.Response) -> Any:
    """Return an answer's JSON, and say what went wrong otherwise."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return answer.json() if answer.content else None


def ask_warehouse(system: System, sql: str) -> list[list[Any]]:
    """Ask the running system's own warehouse, as its other roles do."""
    warehouse = adapters.warehouse(Settings(home=system.home))
    return asyncio.run(warehouse.query(sql)).rows


def make_documents(client: httpx.Client, things: Things) -> None:
    """Make and publish one document of each kind."""
    for path, document in documents(things.prefix).items():
        if path in ALONE:
            set_aside(client, path)
        body = {"id": things.prefix, "document": document}
        good(client.post(f"/api/v1/{path}", json=body))
        good(client.post(f"/api/v1/{path}/{things.prefix}/publish"))
        things.ids[path] = things.prefix
        later = {"action": "pause", "at": "2099-01-01T00:00:00Z"}
        planned = good(client.post(f"/api/v1/{path}/{things.prefix}/schedule", json=later))
        things.ids[f"{path}/schedule"] = str(planned["id"])


def set_aside(client: httpx.Client, path: str) -> None:
    """Pause the document of a kind that is live."""
    for item in good(client.get(f"/api/v1/{path}", params={"state": "live"}))["items"]:
        good(client.post(f"/api/v1/{path}/{item['id']}/pause"))


def send_order(system: System, things: Things) -> str:
    """Send one order through the intake; return its message id."""
    message_id = f"{things.prefix}-order"
    event = {
        "type": "track",
        "event": "Order Completed",
        "messageId": message_id,
        "userId": f"{things.prefix}-user",
        "properties": {
            "order_id": f"{things.prefix}-o1",
            "total_minor": 30_000,
            "currency": "CNY",
            "products": [{"sku": "S1", "price_minor": 15_000, "quantity": 2}],
        },
    }
    auth = (system.intake_key, "")
    good(httpx.post(f"{system.base_url}/v1/batch", auth=auth, json={"batch": [event]}))
    return message_id


def decide(system: System, things: Things) -> dict[str, Any]:
    """Return an ad decision of the campaign made, as soon as it is known to decide."""
    headers = {"authorization": f"Bearer {system.decide_key}"}
    asked = {"placements": [{"id": things.prefix}], "user": {"anonymous_id": "a"}}

    def one() -> dict[str, Any] | None:
        answer = httpx.post(f"{system.base_url}/api/v1/decisions", headers=headers, json=asked)
        found = good(answer)["decisions"]
        return found[0] if found else None

    return until(one, within_s=5)


def hold_auction(system: System, prefix: str) -> str:
    """Hold an auction of the publisher made; return its id, once its record is written."""
    bidders = {"prebid": {"bidder": {"queqiao": {}}}}
    asked = {
        "id": "1",
        "imp": [{"id": "1", "banner": {"w": 300, "h": 250}, "ext": bidders}],
        "site": {"page": "https://news.example/", "publisher": {"id": prefix}},
    }
    path = f"{system.base_url}/openrtb2/auction"
    held = until(lambda: a if (a := httpx.post(path, json=asked)).is_success else None, 5)
    auction_id = str(held.json()["bidid"])
    with admin(system) as client:
        until(lambda: client.get(f"/api/v1/auctions/{auction_id}/why").is_success, 5)
    return auction_id


def reserve(system: System, prefix: str) -> str:
    """Return a reservation of the flash sale made, as soon as it is known to decide."""
    headers = {"authorization": f"Bearer {system.decide_key}"}
    path = f"{system.base_url}/api/v1/flash-sales/{prefix}/reserve"
    wish = {"request_id": "r1", "customer_id": f"{prefix}-user", "sku": "S1"}

    def one() -> dict[str, Any] | None:
        answer = httpx.post(path, headers=headers, json=wish)
        return answer.json() if answer.status_code != 404 else None

    told: str = until(one, within_s=5)["reservation_id"]
    return told


FILE = "会员号\nM-1\n".encode()


def have_accounts(client: httpx.Client, prefix: str) -> None:
    """Let the customer have store credit, and a code to bring newcomers by."""
    wallet = {"id": "things-wallet", "document": {"name": "余额", "holds": "money"}}
    client.post("/api/v1/points-programmes", json=wallet)  # of an earlier prefix, it is there
    client.post("/api/v1/points-programmes/things-wallet/publish")
    customer = f"/api/v1/customers/{prefix}-user"
    until(lambda: client.get(f"{customer}/store-credit").is_success, 5)
    until(lambda: client.post(f"{customer}/referral-code", json={}).is_success, 5)


def ask_approval(client: httpx.Client, prefix: str) -> str:
    """Write a promotion that gives everything away, and ask for it to be published."""
    document = {"name": "free", "benefit": {"type": "percent", "percent": "100"}}
    body = {"id": f"{prefix}-free", "document": document}
    good(client.post("/api/v1/promotions", json=body))
    asked = good(client.post(f"/api/v1/promotions/{prefix}-free/approval"))
    return str(asked["id"])


def open_group(system: System, client: httpx.Client, prefix: str) -> str:
    """Publish a promotion for groups, and open one."""
    document = {
        "name": "group",
        "benefit": {"type": "fixed", "amount": 1},
        "mechanic": {"type": "group", "size": 2},
    }
    good(client.post("/api/v1/promotions", json={"id": f"{prefix}-group", "document": document}))
    good(client.post(f"/api/v1/promotions/{prefix}-group/publish"))
    headers = {"authorization": f"Bearer {system.decide_key}"}
    asked = {"promotion_id": f"{prefix}-group", "customer_id": f"{prefix}-user"}

    def opened() -> str | None:
        path = f"{system.base_url}/api/v1/engagements"
        answer = httpx.post(path, headers=headers, json=asked)
        return str(answer.json()["id"]) if answer.is_success else None

    return until(opened, within_s=5)


def redeem(system: System, things: Things) -> str:
    """Place an order that uses promotions; return the id of its redemption."""
    headers = {"authorization": f"Bearer {system.decide_key}"}
    question = {"cart": {"lines": [{"sku": "S1"}]}, "customer": {"id": f"{things.prefix}-user"}}
    asked = {"order_id": f"{things.prefix}-o1", "question": question}
    path = f"{system.base_url}/api/v1/promotions/redemptions"
    return str(good(httpx.post(path, headers=headers, json=asked))["id"])


def make_import(client: httpx.Client, things: Things) -> None:
    """Upload a file of members, and begin to check it."""
    new = {"name": "members.csv", "size": len(FILE)}
    upload = good(client.post("/api/v1/uploads", json=new))["id"]
    part = {"upload-offset": "0", "content-type": "application/octet-stream"}
    good(client.patch(f"/api/v1/uploads/{upload}", content=FILE, headers=part))
    plan = {"upload_id": upload, "kind": "members", "columns": {"member_no": "会员号"}}
    things.ids["jobs"] = good(client.post("/api/v1/imports?dry_run=true", json=plan))["id"]
    # Another one, since a file under import cannot be dropped.
    things.ids["uploads"] = good(client.post("/api/v1/uploads", json=new | {"name": "b"}))["id"]


def make_bad_row(system: System, client: httpx.Client, things: Things) -> None:
    """Send an event that is refused, and find what is kept of it."""
    bad = {"type": "track", "event": "Product Viewed", "userId": "u", "properties": {"sku": [1]}}
    auth = (system.intake_key, "")
    good(httpx.post(f"{system.base_url}/v1/batch", auth=auth, json={"batch": [bad]}))
    things.ids["bad-rows"] = good(client.get("/api/v1/bad-rows"))["items"][0]["id"]
    groups = until(lambda: good(client.get("/api/v1/bad-rows/groups"))["items"], 10)
    things.ids["groups"] = groups[0]["id"]


def make_page(client: httpx.Client, things: Things) -> None:
    """Find the files of the page made, and upload an image for it."""
    things.ids["p"] = things.prefix
    path = f"/p/{things.prefix}"
    html = until(lambda: found.text if (found := client.get(path)).is_success else "", 5)
    things.ids["assets"] = html.partition("/p/assets/")[2].partition('"')[0]
    gif = b"GIF89a\x01\x00\x01\x00" + b"\x00" * 8
    image = good(client.post("/api/v1/landing-images", content=gif))
    things.ids["images"] = things.ids["landing-images"] = image["name"]
    document = {
        **documents(things.prefix)["landing-pages"],
        "share": {"image": {"url": image["url"]}},
    }
    member = f"/api/v1/landing-pages/{things.prefix}"
    good(client.put(member, json={"document": document}, headers={"if-match": "*"}))
    link = good(client.post(f"/api/v1/landing-pages/{things.prefix}/preview-link"))["path"]
    things.ids["preview"] = link.rpartition("/")[2]


def give(client: httpx.Client, prefix: str) -> str:
    """Give a personal coupon of the batch made to a customer; return the id of the giving."""
    who = {"customer_ids": [f"{prefix}-user"]}
    path = f"/api/v1/coupon-batches/{prefix}/gifts"
    told: str = good(client.post(path, json=who))["id"]
    until(lambda: good(client.get(f"{path}/{told}"))["state"] == "done", 10)
    return told


def make_things(system: System, prefix: str) -> Things:
    """Make one of everything that a path of the API may name."""
    things = Things(prefix)
    with admin(system) as client:
        good(client.post("/api/v1/products/bulk", json={"products": [PRODUCT]}))
        make_documents(client, things)
        make_page(client, things)
        make_import(client, things)
        make_bad_row(system, client, things)
        nobody = {"user_id": f"{prefix}-nobody"}
        things.ids["erasures"] = good(client.post("/api/v1/erasures", json=nobody))["id"]
        things.ids["receipts"] = send_order(system, things)
        decision = decide(system, things)
        things.ids["decisions"] = decision["decision_id"]
        things.ids["t"] = decision["tracking"]["impression"].removeprefix("/t/")
        link = good(client.post("/api/v1/ads/conversion-links", json={"advertiser": "a"}))["url"]
        things.ids["conversions"] = link.rpartition("/")[2].partition("?")[0]
        things.ids["auctions"] = hold_auction(system, prefix)
        replay = {"campaign": {"id": prefix, "bid_minor": 70}}
        things.ids["ads/replays"] = good(client.post("/api/v1/ads/replay", json=replay))["id"]
        things.ids["reservations"] = reserve(system, prefix)
        things.ids["approvals"] = ask_approval(client, prefix)
        things.ids["schedule"] = "no-number"  # refused as one: each kind has numbers of its own
        things.ids["engagements"] = open_group(system, client, prefix)
        things.ids["redemptions"] = redeem(system, things)
        things.ids["products"] = "P1"
        things.ids["profiles"] = f"{prefix}-user"
        person = {"email": f"{prefix}@example.com", "name": "n", "role": "viewer"}
        things.ids["users"] = good(client.post("/api/v1/users", json=person))["user"]["id"]
        key = {"name": "n", "scope": "read"}
        things.ids["keys"] = good(client.post("/api/v1/keys", json=key))["key"]["id"]
        page = "/api/v1/webhook-deliveries"
        found = until(lambda: good(client.get(page, params={"webhook": prefix}))["items"], 10)
        things.ids["webhook-deliveries"] = found[0]["id"]
        until(lambda: client.get(f"/api/v1/profiles/{prefix}-user").is_success, 10)
        things.ids["gifts"] = give(client, prefix)
        things.ids["replays"] = good(client.post("/api/v1/promotions/replay", json={}))["id"]
        file = client.get(f"/api/v1/card-products/{prefix}/cards.csv").text
        things.ids["cards"] = file.split()[1].partition(",")[0]
        have_accounts(client, prefix)
    things.ids["coupons"] = code_of(prefix)
    things.ids["customers"] = f"{prefix}-user"
    things.ids["events"] = f"{prefix} happened"
    things.ids["projects"] = system.intake_key
    things.ids["schemas"] = "promotion.json"
    return things
