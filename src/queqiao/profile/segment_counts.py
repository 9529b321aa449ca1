"""Who is in which live segment, counted for all segments in one pass, and published.

However many segments there are, what is known of people is gathered once, and once more for what
ads may know where somebody allows the one and not the other. Where that takes more memory or time
than one question may, people are counted in shares, each by a question of its own.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec

from queqiao.kernel.errors import Refused
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents, Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import PERSONALIZATION, allows
from queqiao.profile.conditions import compile_condition, side_by_side
from queqiao.profile.contracts import ARTIFACT_PREFIX, SEGMENT, SegmentArtifact
from queqiao.profile.expression import parse
from queqiao.profile.person_query import FOR_ADS, Whose, person_query

SHARES_MAX = 64
"""Into at most so many shares people are divided."""

_TOO_MUCH = {"query_too_much_memory", "query_too_slow"}
_KEPT_FROM_ADS = """SELECT count() FROM (
  SELECT 1 FROM history WHERE split LIMIT 1 UNION ALL SELECT 1 FROM order_lines WHERE split LIMIT 1)
""".replace("split", f"{allows(PERSONALIZATION)} AND NOT {allows(FOR_ADS)}")
"""More than 0 where something may personalize and not advertise; else members need be counted once.
"""


class SegmentCounter:
    """Counts and publishes. Remembers into how many shares people had to be divided."""

    def __init__(self, warehouse: Warehouse, records: Records) -> None:
        self._warehouse = warehouse
        self._records = records
        self._shares = 1

    async def refresh(self, now_us: int) -> dict[str, int]:
        """Compute the members of every live segment and publish them; return the counts by id.

        Segments that are no longer live are published empty. Unchanged members are not told anew.
        Raises Refused where even a share of the people is too much for one question.
        """
        live = list(await Documents(self._records).live(SEGMENT))
        counted = await self._counted(live, now_us) if live else []
        await self._records.write(lambda conn: _publish(conn, counted, now_us))
        return {each.segment_id: len(each.members) for each in counted}

    async def _counted(self, live: Sequence[Stored], now_us: int) -> list[SegmentArtifact]:
        """Return the members of each segment, and those that ads may ask for.

        Whether the two can differ is asked after the count: what was loaded before is seen by it.
        """
        found = await self._members(live, now_us, PERSONALIZATION)
        kept_from_ads = (await self._warehouse.query(_KEPT_FROM_ADS)).rows[0][0]
        for_ads: Sequence[list[str] | None] = [None] * len(live)
        if kept_from_ads:
            for_ads = await self._members(live, now_us, FOR_ADS)
        return [
            SegmentArtifact(stored.id, stored.revision, members, ads)
            for stored, members, ads in zip(live, found, for_ads, strict=True)
        ]

    async def _members(self, live: Sequence[Stored], now_us: int, purposes: int) -> list[list[str]]:
        """Return for each segment its members, sorted; in more shares where one is too much."""
        while True:
            try:
                return await self._by_shares(live, now_us, purposes)
            except Refused as error:
                if error.reason not in _TOO_MUCH or self._shares >= SHARES_MAX:
                    raise
                self._shares *= 2

    async def _by_shares(
        self, live: Sequence[Stored], now_us: int, purposes: int
    ) -> list[list[str]]:
        conditions = side_by_side(
            [compile_condition(parse(stored.document.expression)) for stored in live]
        )
        whose: Whose = "share" if self._shares > 1 else "everybody"
        sql = person_query(
            ", ".join(f"groupArrayIf(activity.person, {one.sql})" for one in conditions),
            "",
            {part for one in conditions for part in one.parts},
            whose=whose,
            purposes=purposes,
            categories=[name for one in conditions for name in one.categories],
        )
        asked: dict[str, Any] = {"now": now_us, "shares": self._shares}
        for one in conditions:
            asked |= one.parameters
        found = [
            (await self._warehouse.query(sql, asked | {"share": share})).rows[0]
            for share in range(self._shares)
        ]
        return [sorted(chain(*each)) for each in zip(*found, strict=True)]


def _publish(conn: Any, counted: Sequence[SegmentArtifact], now_us: int) -> None:
    live = {each.segment_id for each in counted}
    gone = [
        SegmentArtifact(name.removeprefix(ARTIFACT_PREFIX), 0, [], None)
        for name in artifacts.names(conn, ARTIFACT_PREFIX)
        if name.removeprefix(ARTIFACT_PREFIX) not in live
    ]
    for each in (*counted, *gone):
        name, body = ARTIFACT_PREFIX + each.segment_id, msgspec.msgpack.encode(each)
        artifacts.put(conn, name, body, now_us)
