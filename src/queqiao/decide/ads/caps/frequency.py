"""Frequency caps in a decision: who is at a cap, one more ad counted, one taken back.

An ad counts when it is served, before its lease and its event: two that are under way at once are
two. It is taken back when it cannot be paid for, and by ``unseen.py`` when it is never shown. Where
the counters cannot be told just now, no ad that they might stop is shown.
"""

from collections.abc import Iterable, Mapping

import structlog
from msgspec import Struct

from queqiao.decide.ads.caps.counters import KIND_MASK, ROLLING, shown
from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.caps.entries import free_at_us
from queqiao.decide.ads.caps.people import People, key_of
from queqiao.decide.ads.caps.plan import Check, Plan
from queqiao.decide.ads.caps.table import Full
from queqiao.decide.ads.contracts import Campaign, Creative
from queqiao.kernel.errors import Unavailable

log = structlog.get_logger()


class Capped(Struct, frozen=True, omit_defaults=True):
    """The cap that keeps an ad out: ``shown`` ads of ``name`` in its window, until when.

    ``until_us`` is None for a lifetime; ``cap`` is None where the counters could not be told.
    """

    cap: Cap | None = None
    name: str = ""
    shown: int = 0
    until_us: int | None = None


UNTOLD = Capped()


class Counted(Struct, frozen=True):
    """What an ad counts under: the person's key and the tags, in hexadecimal.

    It stands in ``Ad Served``, so that counters can be made again from the log, and taken back.
    """

    person: str
    counters: list[str]

    def tags(self) -> list[int]:
        """Return the tags as numbers."""
        return [int(one, 16) for one in self.counters]


UNCOUNTED = Counted("", [])
"""Nothing counts the ad: no cap asks for it, or nobody knows who sees it."""


class Frequency:
    """The counters as a process of ``decide`` has them. ``secret`` hides ids behind keys."""

    def __init__(self, people: People, secret: bytes) -> None:
        self._people = people
        self._secret = secret

    def shopper(
        self,
        plan: Plan,
        now_us: int,
        *,
        user_id: str | None = None,
        device_id: str | None = None,
        session_id: str | None = None,
    ) -> "Shopper":
        """Return who asks for ads: the user, else who last logged in on the device, else the visit.

        The device of a user becomes theirs, with what was shown on it before.
        """
        if not plan.capped:
            return Shopper(self._people, plan, None, now_us)
        try:
            person = self._person(user_id, device_id, session_id, now_us)
            shopper = Shopper(self._people, plan, person, now_us)
        except (Unavailable, Full) as error:
            log.warning("frequency caps could not be told", reason=repr(error))
            shopper = Shopper(self._people, plan, None, now_us)
            shopper.stop(plan.capped)
        return shopper

    def _person(
        self, user_id: str | None, device_id: str | None, session_id: str | None, now_us: int
    ) -> int | None:
        device = key_of("device", device_id, self._secret) if device_id else None
        if user_id:
            user = key_of("user", user_id, self._secret)
            if device is not None:
                self._people.log_in(device, user, now_us)
            return user
        if device is not None:
            return self._people.of_device(device)
        return key_of("session", session_id, self._secret) if session_id else None


class Shopper:
    """One person in one decision. ``person`` is None when nobody knows who it is: no cap holds."""

    def __init__(self, people: People, plan: Plan, person: int | None, now_us: int) -> None:
        self._people = people
        self._plan = plan
        self._person = person
        self._now_us = now_us
        self._moment = people.windows.at(now_us)
        self._entries = None if person is None else people.entries(person, now_us)
        self._creatives: dict[str, dict[str, Capped]] = {}
        self._capped: dict[str, Capped] = {}
        self._is_looked = False

    @property
    def capped(self) -> Mapping[str, Capped]:
        """The campaigns that may not be shown to the person now, each with its reason."""
        if not self._is_looked:
            self._is_looked = True
            self._look()
        return self._capped

    def stop(self, campaign_ids: Iterable[str]) -> None:
        """Leave campaigns out because their counters cannot be told."""
        self._capped = {**self.capped, **dict.fromkeys(campaign_ids, UNTOLD)}

    def _look(self) -> None:
        """Find what is at a cap: from the counters that the person has, not from all caps."""
        if self._entries is None:
            return
        self._capped = {name: one for name, one in self._capped.items() if one is UNTOLD}
        self._creatives.clear()
        least, empty = self._plan.least, self._moment.empty
        for tag, word in self._entries.words.items():
            if tag in least and word >= empty[tag & KIND_MASK] + least[tag]:
                self._meet(tag, word)

    def _meet(self, tag: int, word: int) -> None:
        """Note what a counter stops that may have reached a cap."""
        kind = tag & KIND_MASK
        if kind >= ROLLING:
            self._look_back(tag)
        else:
            number = shown(word, self._moment.numbers[kind], kind)
            self._stop(tag, number, self._moment.ends_us[kind])

    def _stop(self, tag: int, number: int, until_us: int | None) -> None:
        for check in self._plan.checks[tag]:
            if number >= check.cap.times:
                self._note(check, Capped(check.cap, check.name, number, until_us))

    def _look_back(self, tag: int) -> None:
        words = {} if self._entries is None else self._entries.words
        for check in self._plan.checks[tag]:
            times = check.cap.times
            until_us = free_at_us(lambda one: words.get(one, 0), tag, times, self._now_us)
            if until_us is not None:
                self._note(check, Capped(check.cap, check.name, times, until_us))

    def _note(self, check: Check, capped: Capped) -> None:
        """Note a cap. A campaign is out when as many of its creatives are as it has."""
        if check.creative_id is not None:
            out = self._creatives.setdefault(check.campaign_id, {})
            out[check.creative_id] = capped
            if len(out) < check.creatives:
                return
        self._capped.setdefault(check.campaign_id, capped)

    def creatives(self, campaign_id: str, campaign: Campaign) -> list[Creative]:
        """Return the creatives of a campaign that may be shown."""
        out = {} if campaign_id in self.capped else self._creatives.get(campaign_id, {})
        return [each for each in campaign.creatives if each.id not in out]

    def count(self, campaign_id: str, creative_id: str) -> Counted | None:
        """Count an ad that is about to be served; None when that is one too many.

        Then ``capped`` says why.
        """
        counting = self._plan.countings.get((campaign_id, creative_id))
        if self._person is None or counting is None:
            return UNCOUNTED
        tags, allowed = counting
        try:
            full = self._people.count(self._person, tags, allowed, self._now_us, self._entries)
        except (Unavailable, Full) as error:
            log.warning("an ad could not be counted", reason=repr(error))
            self.stop([campaign_id])
            return None
        self._is_looked = False
        if full is not None:
            if campaign_id not in self.capped:
                self.stop([campaign_id])
            return None
        return Counted(f"{self._person:016x}", [f"{tag:016x}" for tag in tags])

    def give_back(self, counted: Counted) -> None:
        """Take back an ad that was counted and is not served after all."""
        if self._person is None or not counted.counters:
            return
        try:
            self._people.take_back(self._person, counted.tags(), self._now_us)
            self._entries = self._people.entries(self._person, self._now_us)
            self._is_looked = False
        except (Unavailable, Full) as error:
            log.warning("an ad stays counted that was not served", reason=repr(error))
