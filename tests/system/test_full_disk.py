"""A full disk: refused with Retry-After, nothing acknowledged lost, and it serves again by itself.

The home lies on a small file system of its own (tmpfs), which a ballast file fills.
"""

import errno
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.small_disk import small_disk
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system

SIZE_MB = 128
USES = 1_000
RETRY_WITHIN_S = 15
SAMPLE = 80
SEED = 618
NAME = "Product Viewed"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", SIZE_MB) as place:
        yield place


def write_until_full(file: RawIOBase, size: int) -> None:
    """Write pieces of that size until the disk takes no more."""
    while True:
        try:
            file.write(bytes(size))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return
            raise


@contextmanager
def filled(disk: Path) -> Iterator[Callable[[], None]]:
    """Leave no free byte on the disk while inside; what is given takes what was freed since."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:

        def fill() -> None:
            for size in (1_000_000, 4_096, 1):
                write_until_full(file, size)

        fill()
        try:
            yield fill
        finally:
            ballast.unlink()


class Callers:
    """Clients of every room that writes; they remember what was acknowledged."""

    def __init__(self, system: System, client: httpx.Client) -> None:
        self.system = system
        self.events: list[str] = []
        self.refused: list[str] = []
        self.redeemed: list[str] = []
        self.products: list[str] = []
        self.number = 0
        self.noise = Random(SEED)
        """What no packing makes small: the log would take much of anything else."""
        self.client = client

    def answers(self) -> dict[str, httpx.Response]:
        """Ask every room to write something new; return what each said."""
        self.number += 1
        found = {"intake": self.send(), "bad rows": self.send_bad()}
        found |= {"ledger": self.redeem_often(), "records": self.store_product()}
        return found | {"decisions": self.recommend()}

    def send(self) -> httpx.Response:
        ids = [f"disk-{self.number}-{item}" for item in range(50)]
        batch = [
            {"type": "track", "event": NAME, "userId": "u", "messageId": i,
             "properties": {"text": self.noise.randbytes(700).hex()}}
            for i in ids
        ]  # fmt: skip
        answer = self._intake({"batch": batch})
        (self.events if answer.is_success else self.refused).extend(ids)
        return answer

    def send_bad(self) -> httpx.Response:
        wrong = {"order_id": [], "text": "x" * 5_000}
        bad = {"type": "track", "event": "Order Completed", "userId": "u", "properties": wrong}
        return self._intake({"batch": [bad] * 20})

    def _intake(self, body: Any) -> httpx.Response:
        url = f"{self.system.base_url}/v1/batch"
        return httpx.post(url, auth=(self.system.intake_key, ""), json=body, timeout=30)

    def redeem_often(self) -> httpx.Response:
        """Redeem a few times, up to a refusal: an entry is small beside a page of the disk."""
        answer = self.redeem()
        for _ in range(9):
            if answer.is_success:
                answer = self.redeem()
        return answer

    def redeem(self) -> httpx.Response:
        """Redeem for the next order; after a refusal for the same one again, as a till does."""
        order = f"order-{len(self.redeemed)}"
        body = {"customer_id": order, "order_id": order}
        answer = self.client.post("/api/v1/coupons/DISK/redeem", json=body)
        if answer.is_success:
            self.redeemed.append(order)
        return answer

    def store_product(self) -> httpx.Response:
        product_id = f"P{self.number}"
        sku = {"sku": f"S{self.number}", "price_minor": 100, "currency": "CNY"}
        product = {"product_id": product_id, "name": "x" * 190, "skus": [sku]}
        answer = self.client.post("/api/v1/products/bulk", json={"products": [product]})
        if answer.is_success:
            self.products.append(product_id)
        return answer

    def recommend(self) -> httpx.Response:
        return self.client.post("/api/v1/recommendations", json={"user": {"id": "u"}, "n": 3})


def make_coupon(client: httpx.Client) -> None:
    batch = {"name": "disk", "codes": ["DISK"], "uses_per_code": USES}
    promotion = {"name": "disk", "benefit": {"type": "fixed", "amount": 1}, "code_batch": "disk"}
    for path, document in (("coupon-batches", batch), ("promotions", promotion)):
        good(client.post(f"/api/v1/{path}", json={"id": "disk", "document": document}))
        good(client.post(f"/api/v1/{path}/disk/publish"))


def refusals_while_full(callers: Callers, fill: Callable[[], None]) -> dict[str, httpx.Response]:
    """Ask until every room has run out of the little room it had left; return the refusals."""
    refused: dict[str, httpx.Response] = {}
    for _ in range(40):
        fill()  # the engine may have dropped parts that it merged
        for room, answer in callers.answers().items():
            assert answer.status_code in {200, 503}, (room, answer.status_code, answer.text)
            if answer.status_code == 503:
                refused[room] = answer
        if {"intake", "bad rows", "ledger", "records"} <= set(refused):
            break
    return refused


def events_loaded(client: httpx.Client) -> int:
    """Return how many of our events the reports count."""
    asked = {"metrics": ["views"], "from": "2026-01-01", "to": "2100-01-01"}
    return int(good(client.post("/api/v1/reports/query", json=asked))["rows"][0][0])


def assert_nothing_is_lost(callers: Callers) -> None:
    client = callers.client
    until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, 60, every_s=0.2)
    draw = Random(SEED)
    for message_id in draw.sample(callers.events, SAMPLE):
        assert good(client.get(f"/api/v1/receipts/{message_id}"))["warehouse"]["loaded"], message_id
    for message_id in draw.sample(callers.refused, SAMPLE // 4):
        assert client.get(f"/api/v1/receipts/{message_id}").status_code == 404, message_id
    assert events_loaded(client) == len(callers.events)
    for product_id in callers.products:
        assert client.get(f"/api/v1/products/{product_id}").status_code == 200
    balances = good(client.get("/api/v1/ledger/balances", params={"prefix": "coupon:disk:"}))
    code = next(b for b in balances["items"] if b["counter"].endswith("code:DISK"))
    assert code["spent"] == len(callers.redeemed)
    assert good(client.get("/api/v1/ledger/proof"))["balanced"] is True


def test_a_full_disk_refuses_and_recovers(disk: Path) -> None:
    with running_system(home=disk) as system, admin(system) as client:
        callers = Callers(system, client)
        make_coupon(callers.client)
        until(lambda: callers.redeem().is_success, 5)
        callers.answers()

        for _ in range(2):
            with filled(disk) as fill:
                refused = refusals_while_full(callers, fill)
                assert {"intake", "bad rows", "ledger", "records"} <= set(refused)
                for room, answer in refused.items():
                    assert int(answer.headers["retry-after"]) >= 1, room
                    assert answer.headers["content-type"] == "application/problem+json"
                # Reading goes on: what is stored is there to be read.
                assert callers.client.get(f"/api/v1/receipts/{callers.events[0]}").is_success
                assert callers.client.get("/api/v1/promotions").is_success

            until(
                lambda: all(a.is_success for a in callers.answers().values()),
                RETRY_WITHIN_S,
                every_s=0.2,
            )
        assert_nothing_is_lost(callers)


def start_on(home: Path) -> str:
    """Start a system that cannot; return what it says."""
    command = [sys.executable, "-m", "queqiao", "serve", "--home", home, "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_a_start_on_a_full_disk_says_what_mends_it(disk: Path) -> None:
    home = disk / "home"
    home.mkdir()
    with filled(disk):
        said = start_on(home)
    assert "The disk is full" in said
    assert "free some space there or mend its rights, or choose another --home" in " ".join(
        said.split()
    )
    assert str(home) in said.replace("\n", "")


@pytest.mark.parametrize("kilobytes", [24, 60])
def test_a_start_that_fills_the_disk_says_so(disk: Path, kilobytes: int) -> None:
    """Of so little room the clock takes its part, and the records find none."""
    home, spare = disk / "home", disk / "spare"
    home.mkdir()
    spare.write_bytes(bytes(kilobytes << 10))
    with filled(disk):
        spare.unlink()
        said = start_on(home)
    assert "preparation failed" in said
    assert "The disk is full" in said
