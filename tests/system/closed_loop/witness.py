"""The store's client as a witness: what the system acknowledged, and how long it took over it."""

import time
from typing import Any, NamedTuple

from queqiao.demo.client import Answer, StoreClient
from queqiao.demo.stage import Event


class Call(NamedTuple):
    """A call with all its tries. Times by the machine's count, in seconds."""

    path: str
    began_s: float
    ended_s: float
    status: int


class Ad(NamedTuple):
    """An ad that was given to a shopper."""

    decision_id: str
    campaign_id: str
    price_minor: int


class Witness(StoreClient):
    """Calls as the store's client does, and remembers."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.made: list[Call] = []
        self.events: list[Event] = []
        self.redeemed: set[tuple[str, str]] = set()
        """Code and order."""
        self.seen: set[Ad] = set()
        self.clicked: set[Ad] = set()
        self._notices: dict[str, tuple[set[Ad], Ad]] = {}

    async def post(self, path: str, body: Any, now_us: int | None = None, **headers: str) -> Answer:
        """Send, and remember what was taken."""
        began_s = time.monotonic()
        answer = await super().post(path, body, now_us, **headers)
        self.made.append(Call(path, began_s, time.monotonic(), answer.status))
        if answer.good:
            self._remember(path, body, answer)
        return answer

    async def get(self, path: str, now_us: int | None = None) -> Answer:
        """Follow a link, and remember the notice of an ad."""
        began_s = time.monotonic()
        answer = await super().get(path, now_us)
        self.made.append(Call("/t/", began_s, time.monotonic(), answer.status))
        if answer.good and path in self._notices:
            taken, ad = self._notices[path]
            taken.add(ad)
        return answer

    def _remember(self, path: str, body: Any, answer: Answer) -> None:
        if path == "/v1/batch":
            self.events += body["batch"]
        elif path.endswith("/redeem"):
            self.redeemed.add((answer.body["code"], body["order_id"]))
        elif path == "/api/v1/decisions":
            for given in answer.body["decisions"]:
                ad = Ad(given["decision_id"], given["campaign_id"], given["price_minor"])
                self._notices[given["tracking"]["impression"]] = self.seen, ad
                self._notices[given["tracking"]["click"]] = self.clicked, ad
