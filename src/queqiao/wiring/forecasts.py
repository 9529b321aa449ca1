"""What forecasts read: the sample, members of segments and documents, from the records."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Connection, func, select

from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT, Campaign
from queqiao.decide.ads.forecast import sample
from queqiao.decide.ads.forecast.audience import Members
from queqiao.decide.ads.forecast.endpoints import ForecastServices, handlers
from queqiao.decide.ads.forecast.forecaster import Forecaster
from queqiao.decide.ads.forecast.opportunities import Ints, hash_column
from queqiao.kernel.http import Route
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.tables import documents as documents_table
from queqiao.profile.contracts import ARTIFACT_PREFIX, SegmentArtifact
from queqiao.wiring.settings import Settings

_STATES = ("live", "paused", "archived")
_State = tuple[int, tuple[tuple[str, int], ...], tuple[tuple[str, int, int], ...]]


def routes(settings: Settings, records: Records) -> list[Route]:
    """Return the routes of forecasts for the console role."""
    kept = _Kept(records, settings.shop.timezone)

    async def currencies() -> Mapping[str, str]:
        live = await records.read(lambda conn: documents.live(conn, PLACEMENT))
        return {one.id: one.document.currency for one in live}

    return handlers(ForecastServices(kept.forecaster, currencies, settings.shop.currency))


class _Kept:
    """The forecaster of the newest sample, made anew when anything that it reads has changed."""

    def __init__(self, records: Records, zone: str) -> None:
        self._records = records
        self._zone = zone
        self._made: tuple[_State, Forecaster] | None = None
        self._turn = asyncio.Lock()

    async def forecaster(self) -> Forecaster:
        """Return it. Before the first sample is made, that is one that knows nothing."""
        async with self._turn:
            state = await self._records.read(_state)
            if self._made is None or self._made[0] != state:
                self._made = state, await asyncio.to_thread(self._make, dict(state[1]))
            return self._made[1]

    def _make(self, segments: Mapping[str, int]) -> Forecaster:
        body, campaigns, floors = self._records.read_now(_known)
        made = sample.decode(body) if body is not None else sample.NOTHING
        return Forecaster(made, _members(self._records, segments), campaigns, self._zone, floors)


def _state(conn: Connection) -> _State:
    """Return the revisions of all that a forecaster reads."""
    found = artifacts.revisions(conn, sample.ARTIFACT).get(sample.ARTIFACT, 0)
    segments = artifacts.revisions(conn, ARTIFACT_PREFIX)
    d = documents_table.c
    query = select(d.kind, func.count(), func.sum(d.revision)).group_by(d.kind).order_by(d.kind)
    rows = conn.execute(query.where(d.kind.in_((CAMPAIGN.name, PLACEMENT.name))))
    return found, tuple(segments.items()), tuple((row[0], row[1], int(row[2])) for row in rows)


def _known(conn: Connection) -> tuple[bytes | None, dict[str, Campaign], dict[str, int]]:
    """Return the sample, campaigns of past and present, and the floors of live placements."""
    found = artifacts.get(conn, sample.ARTIFACT)
    campaigns = {
        one.id: one.document
        for state in _STATES
        for one in documents.in_state(conn, CAMPAIGN, state)
    }
    floors = {one.id: one.document.floor_minor for one in documents.live(conn, PLACEMENT)}
    return None if found is None else found[1], campaigns, floors


def _members(records: Records, segments: Mapping[str, int]) -> Members:
    """Return who is in which segment as ads may know it; one is read when it is first asked."""
    kept: dict[str, Ints] = {}

    def members(name: str) -> Ints | None:
        artifact = ARTIFACT_PREFIX + name
        if artifact not in segments:
            return None
        if name not in kept:
            kept[name] = records.read_now(_reading(artifact))
        return kept[name]

    return members


def _reading(artifact: str) -> Callable[[Connection], Ints]:
    def read(conn: Connection) -> Ints:
        found = artifacts.get(conn, artifact)
        if found is None:
            return hash_column(())
        segment = msgspec.msgpack.decode(found[1], type=SegmentArtifact)
        return hash_column(segment.members if segment.ad_members is None else segment.ad_members)

    return read
