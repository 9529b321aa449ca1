"""Signed notices: impression, view, click and conversion of one decision, each counted once.

A token carries all that the event needs, so that the place that takes notices needs no hot state.
The event's message id is made of the decision and the kind, so the log's own dedup makes repeats
harmless; a notice is answered when its event is on disk. The kind on which the decision bills (a
click where nothing else is said) is charged before it is written (``charging.py``), under the
decision's key, so a notice that was cut off may come again and costs the same. What another kind
than a click costs is an event of its own, ``Ad Billed``.

A notice that is invalid traffic (``traffic/``) is answered alike, frees its lease, and is written
under a name of its own with the reason, so nothing that counts what counted has to know of it. A
click whose flood came after it is refunded, and the refund is an event.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import quote

import structlog

from queqiao.decide.ads.charging import free, settle
from queqiao.decide.ads.delivery.steps import DONE, STEPS, detail_of
from queqiao.decide.ads.delivery.windows import is_expired
from queqiao.decide.ads.notice_events import Notice, events_of, read, refused, told_event
from queqiao.decide.ads.rebuilt import Rebuilder
from queqiao.decide.ads.traffic.contracts import VALID, Verdict
from queqiao.decide.ads.traffic.refunds import give_back
from queqiao.decide.ads.traffic.watch import Caller, Watch
from queqiao.kernel.errors import Gone, Message, NotFound, Unavailable
from queqiao.kernel.http import Request, Response
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger

log = structlog.get_logger()

_TOLD_ONCE = frozenset(("click", "conversion"))
"""Their event is of one kind of notice; that of an impression and a view is one of two."""

PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""A transparent GIF of one pixel."""

CLICK_ID = "{click_id}"
"""In the address that a click leads to, the place of the id by which conversions name it."""

_URL_SAFE = "%/:=&?~#+!$,;'@()*[]"
_NO_STORE = ("Cache-Control", "no-store")
_RETRY_PAGE = (
    b"<!doctype html><meta charset=utf-8><title>\xe2\x80\xa6</title>"
    b"<p>\xe6\xad\xa3\xe5\x9c\xa8\xe8\xb7\xb3\xe8\xbd\xac / One moment, please</p>"
)

NoteConversion = Callable[[Notice, Request], Awaitable[bool]]
"""Counts the conversion that a notice tells; says whether it is a new one."""


class Notices:
    """Takes notices: charges clicks, writes the event, answers.

    Without a ``watch`` every notice counts.
    """

    def __init__(
        self,
        ledger: Ledger,
        event_log: EventLog,
        signer: Signer,
        watch: Watch[Notice] | None = None,
        conversions: NoteConversion | None = None,
    ) -> None:
        self._ledger = ledger
        self._event_log = event_log
        self._signer = signer
        self._watch = watch
        self._conversions = conversions
        self._rebuilder = Rebuilder(event_log)
        self._is_giving_back = False

    async def take(self, request: Request) -> Response:
        """Answer ``GET /t/{token}``.

        When a shopper's click cannot be charged just now, the page asks again by itself in a
        second: neither the click nor its price is lost, and nothing is counted twice.
        """
        notice = read(self._signer, request.params["token"])
        if notice.is_test:
            return _answer(notice)
        if is_expired(notice.kind, notice.decision_id, request.now_us):
            return _too_late(notice)
        verdict = VALID
        if self._watch is not None:
            caller = Caller.of(request.headers, request.client)
            verdict = self._watch.judge(notice, caller, request.now_us)
        try:
            if verdict.valid:
                await self._note(notice, request)
            else:
                await self._refuse(notice, verdict, request.now_us)
        except Unavailable:
            if not notice.landing_url:
                raise
            headers = (("Retry-After", "1"), ("Refresh", "1"), _NO_STORE)
            return Response(503, _RETRY_PAGE, "text/html; charset=utf-8", headers)
        if self._watch is not None and self._watch.owed and not self._is_giving_back:
            await self._give_back(self._watch, request.now_us)
        return _answer(notice)

    async def take_step(self, name: str, token: str, request: Request) -> Response:
        """Answer ``GET /t/{step}.{token}``; see ``delivery/steps.py``."""
        notice, step = read(self._signer, token), STEPS[name]
        if notice.kind != "view":
            raise NotFound
        if is_expired("view", notice.decision_id, request.now_us):
            return _too_late(notice)
        caller = Caller.of(request.headers, request.client)
        if not notice.is_test and (self._watch is None or self._watch.judge_caller(caller).valid):
            reason = detail_of(request)
            told = told_event(notice, step.event, step.suffix, request.now_us, reason=reason)
            await self._event_log.append([told])
        return DONE

    async def _note(self, notice: Notice, request: Request) -> None:
        now_us, cost_minor = request.now_us, None
        if notice.kind == "conversion" and self._conversions is not None:
            is_new = await self._conversions(notice, request)
        else:
            if notice.is_billed:
                cost_minor = await settle(self._ledger, notice.bill, now_us)
            events = list(events_of(notice, cost_minor, now_us))
            stored = [one.status == "stored" for one in await self._event_log.append(events)]
            is_new = stored[0]
            if notice.is_billed and any(stored):  # a view may have told of the ad before
                self._rebuilder.billed(notice)
        if self._watch is None:
            return
        self._watch.counted(notice, now_us)
        if not is_new and notice.kind in _TOLD_ONCE:
            await self._refuse(notice, Verdict("duplicate"), now_us)

    async def _refuse(self, notice: Notice, verdict: Verdict, now_us: int) -> None:
        if notice.is_billed and verdict.reason != "duplicate":
            with suppress(Unavailable):
                await free(self._ledger, notice.bill, now_us)
        await self._event_log.append([refused(notice, verdict, now_us)])

    async def _give_back(self, watch: Watch[Notice], now_us: int) -> None:
        """Refund the clicks whose flood came after; what cannot be done now is done next time.

        One notice does it for all that come meanwhile: they are answered at once.
        """
        self._is_giving_back = True
        try:
            for click in list(watch.owed.values()):
                await give_back(self._ledger, self._event_log, click, now_us)
                watch.owed.pop(click.decision_id, None)
        except Unavailable:
            log.debug("clicks are refunded later", clicks=len(watch.owed))
        finally:
            self._is_giving_back = False


_TOO_LATE = Message("这条广告通知已过期，不再计入", "this notice of an ad is too old to be counted")


def _too_late(notice: Notice) -> Response:
    """Lead a shopper on whose click is too old to be counted. Raises Gone for other notices."""
    if notice.landing_url:
        return _answer(notice)
    raise Gone(_TOO_LATE)


def _answer(notice: Notice) -> Response:
    if notice.landing_url:
        landing_url = notice.landing_url.replace(CLICK_ID, notice.decision_id)
        location = quote(landing_url, safe=_URL_SAFE)
        return Response(302, b"", "text/plain", (("Location", location), _NO_STORE))
    if notice.kind == "impression":
        return Response(200, PIXEL, "image/gif", (_NO_STORE,))
    return Response(204, b"", "text/plain", (_NO_STORE,))
