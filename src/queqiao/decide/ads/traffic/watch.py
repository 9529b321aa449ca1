"""Watching notices as they come: what was seen lately, and the verdict on the next one.

Nothing here is on disk. After a restart a flood is counted anew and a repeated notice is known by
the log alone, so at worst a click of just before counts that would not have.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct

from queqiao.decide.ads.traffic.caller import Callers
from queqiao.decide.ads.traffic.contracts import VALID, Verdict
from queqiao.decide.ads.traffic.floods import Bounds, Floods, keys_of
from queqiao.decide.ads.traffic.self_clicks import NOBODY, Owners
from queqiao.decide.ads.traffic.timing import LIVE_SKEW_US, timing
from queqiao.kernel.ids import time_of_uuid7

_PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_PREFETCH = ("prefetch", "preview", "prerender")


class Told(Protocol):
    """What of a notice is watched."""

    @property
    def kind(self) -> Literal["impression", "view", "click", "conversion"]:
        """What it tells."""
        ...

    @property
    def decision_id(self) -> str:
        """The decision, whose id says when it was made."""
        ...

    @property
    def user_id(self) -> str | None:
        """The person after login."""
        ...

    @property
    def anonymous_id(self) -> str | None:
        """The person before."""
        ...

    @property
    def advertiser(self) -> str:
        """Whose ad it is."""
        ...


T = TypeVar("T", bound=Told)


class Caller(Struct, frozen=True):
    """Who told it: user agent, address, and whether the browser fetched ahead of anybody's wish."""

    user_agent: str
    address: str
    is_prefetch: bool

    @staticmethod
    def of(headers: Mapping[str, str], address: str) -> "Caller":
        """Return the caller of a request with these headers (names in lower case)."""
        said = " ".join(headers.get(name, "") for name in _PREFETCH_HEADERS).lower()
        is_prefetch = any(word in said for word in _PREFETCH)
        return Caller(headers.get("user-agent", ""), address, is_prefetch)


class Watch(Generic[T]):
    """Judges notices one by one.

    ``owed`` are the clicks, by decision, that counted and whose flood came after: whoever has
    given their price back takes them out. A click that was found valid may wait to be charged, and
    be told again until it is: it stays valid, and is owed once it counted if its flood came first.
    """

    def __init__(
        self,
        callers: Callers,
        bounds: Bounds,
        fastest_click_us: int,
        owners: Owners = NOBODY,
        keys_max: int = 100_000,
    ) -> None:
        self._callers = callers
        self._fastest_click_us = fastest_click_us
        self._owners = owners
        self._keys_max = keys_max
        self._floods: Floods[T] = Floods(bounds, keys_max)
        self._told: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._waiting: OrderedDict[str, bool] = OrderedDict()
        """Valid clicks that are not charged yet, by decision: whether their flood has come."""
        self.owed: dict[str, T] = {}

    def judge(self, notice: T, caller: Caller, now_us: int) -> Verdict:
        """Return the verdict on a notice; a click that is one too many adds to ``owed``."""
        if (notice.decision_id, notice.kind) in self._told:
            return Verdict("duplicate")
        if caller.is_prefetch:
            return Verdict("prefetch")
        people = (notice.user_id, notice.anonymous_id)
        verdict = self._owners.judge(notice.advertiser, people, caller.address)
        if verdict.valid:
            verdict = self.judge_caller(caller)
        if verdict.valid and notice.kind == "click":
            verdict = self._click(notice, caller, now_us)
        return verdict

    def judge_caller(self, caller: Caller) -> Verdict:
        """Return the verdict on who tells something, whatever it is."""
        return self._callers.judge(caller.user_agent, caller.address)

    def counted(self, notice: T, now_us: int) -> None:
        """Remember a notice that counted."""
        self._told[notice.decision_id, notice.kind] = now_us
        if len(self._told) > self._keys_max:
            self._told.popitem(last=False)
        if notice.kind == "click" and self._waiting.pop(notice.decision_id, False):
            self.owed[notice.decision_id] = notice

    def _click(self, notice: T, caller: Caller, now_us: int) -> Verdict:
        if notice.decision_id in self._waiting:
            return VALID
        is_own = self._callers.is_own(caller.address)
        verdict = VALID if is_own else self._timing(notice, now_us)
        if not verdict.valid:
            return verdict
        # From a server of one's own all shoppers come by one address.
        address = "" if is_own else caller.address
        keys = keys_of(notice.user_id or notice.anonymous_id, address, caller.user_agent)
        flood = self._floods.see(keys, notice, now_us)
        if flood is not None:
            self._take_back(flood.earlier)
            return Verdict("click_flood", flood.kind)
        self._waiting[notice.decision_id] = False
        if len(self._waiting) > self._keys_max:
            self._waiting.popitem(last=False)
        return VALID

    def _take_back(self, clicks: Iterable[T]) -> None:
        for click in clicks:
            if click.decision_id in self._waiting:
                self._waiting[click.decision_id] = True
            else:
                self.owed[click.decision_id] = click

    def _timing(self, notice: T, now_us: int) -> Verdict:
        served_us = time_of_uuid7(notice.decision_id)
        viewed_us = self._told.get((notice.decision_id, "impression"))
        return timing(now_us, served_us, viewed_us, self._fastest_click_us, LIVE_SKEW_US)
