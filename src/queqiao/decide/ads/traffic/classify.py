"""Judging calls that are there whole: ``POST /api/v1/traffic/classify``.

Pure but for what the callers' judge has in memory: the same question gets the same answer.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from queqiao.decide.ads.traffic.caller import Callers
from queqiao.decide.ads.traffic.contracts import VALID, Verdict
from queqiao.decide.ads.traffic.floods import Bounds, Kind, flooded, keys_of
from queqiao.decide.ads.traffic.messages import (
    NETWORKS_MAX,
    Behaviour,
    Classified,
    ClassifyRequest,
    ClassifyResponse,
    Traffic,
)
from queqiao.decide.ads.traffic.self_clicks import Own, Owners
from queqiao.decide.ads.traffic.timing import timing
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message

AT_ONCE = 250
"""So many are judged before others on the loop have their turn: some milliseconds."""

_TOO_MANY_NETWORKS = Message(
    f"networks 合计最多 {NETWORKS_MAX:,} 个", f"at most {NETWORKS_MAX:,} networks in all"
)
_ADDRESS = Message("应为 IPv4 或 IPv6 地址，如 203.0.113.7", "give an address, such as 203.0.113.7")


class Moments:
    """When an ad was served, seen and clicked, in microseconds; None where it is not told."""

    def __init__(self, behaviour: Behaviour, path: str) -> None:
        self.served_us = _moment(behaviour.served_at, f"{path}.served_at")
        self.viewed_us = _moment(behaviour.viewed_at, f"{path}.viewed_at")
        self.clicked_us = _moment(behaviour.clicked_at, f"{path}.clicked_at")


async def classify(
    request: ClassifyRequest, callers: Callers, bounds: Bounds, fastest_click_us: int
) -> ClassifyResponse:
    """Return the verdict of each item. Raises InvalidInput that names the item's wrong field."""
    owners = _owners(request)
    moments = [_checked(item, f"items[{n}]") for n, item in enumerate(request.items)]
    verdicts = _flooded(request.items, moments, bounds)
    seen: set[str] = set()
    for number, item in enumerate(request.items):
        found = _judge(item, moments[number], owners, callers, fastest_click_us)
        notice = item.behaviour.notice
        if notice is not None and notice in seen:
            found = Verdict("duplicate", notice)
        seen.update([notice] if notice is not None else [])
        verdicts[number] = verdicts[number] if found.valid else found
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
    return _answer(request.items, verdicts, callers.data_centres.sources)


def _judge(
    item: Traffic, moments: Moments, owners: Owners, callers: Callers, fastest_click_us: int
) -> Verdict:
    behaviour = item.behaviour
    if behaviour.prefetch:
        return Verdict("prefetch")
    if behaviour.advertiser is not None:
        own = owners.judge(behaviour.advertiser, [behaviour.person], item.address or "")
        if not own.valid:
            return own
    caller = callers.judge(item.user_agent, item.address)
    if not caller.valid or moments.clicked_us is None:
        return caller
    return timing(moments.clicked_us, moments.served_us, moments.viewed_us, fastest_click_us)


def _flooded(items: Sequence[Traffic], moments: Sequence[Moments], bounds: Bounds) -> list[Verdict]:
    clicks: dict[tuple[Kind, str], list[int]] = {}
    for number, item in enumerate(items):
        if moments[number].clicked_us is not None:
            keys = keys_of(item.behaviour.person, item.address or "", item.user_agent or "")
            for pair in keys.items():
                clicks.setdefault(pair, []).append(number)
    verdicts = [VALID] * len(items)
    for (kind, _), numbers in clicks.items():
        times_us = [moments[number].clicked_us or 0 for number in numbers]
        marks = flooded(times_us, bounds.clicks[kind], bounds.window_us)
        for number, is_flood in zip(numbers, marks, strict=True):
            if is_flood and verdicts[number].valid:
                verdicts[number] = Verdict("click_flood", kind)
    return verdicts


def _checked(item: Traffic, path: str) -> Moments:
    if item.address is not None and not Own.is_address(item.address):
        raise InvalidInput(FieldError(f"{path}.address", _ADDRESS))
    return Moments(item.behaviour, f"{path}.behaviour")


def _moment(text: str | None, path: str) -> int | None:
    return None if text is None else parse_rfc3339(text, path)


def _owners(request: ClassifyRequest) -> Owners:
    """Return who belongs to whom. Raises InvalidInput, also for more than a moment's work."""
    if sum(len(one.networks) for one in request.own) > NETWORKS_MAX:
        raise InvalidInput(FieldError("own", _TOO_MANY_NETWORKS))

    def checked() -> Iterator[tuple[str, Own]]:
        for number, one in enumerate(request.own):
            yield one.advertiser, Own.of(one.people, one.networks, f"own[{number}].networks")

    return Owners(dict(checked()))


def _answer(
    items: Sequence[Traffic], verdicts: Sequence[Verdict], sources: list[str]
) -> ClassifyResponse:
    reasons: Mapping[str, int] = Counter(one.reason for one in verdicts if one.reason is not None)
    invalid = sum(reasons.values())
    classified = [
        Classified(item.id, one.valid, one.reason, one.detail)
        for item, one in zip(items, verdicts, strict=True)
    ]
    return ClassifyResponse(classified, len(items) - invalid, invalid, dict(reasons), sources)
