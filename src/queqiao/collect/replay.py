"""Trying bad rows again after a fix: of the rules, of a schema, or of the rows' source."""

from collections.abc import Sequence

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.contracts import KeptBadRow, Replay, ReplayRefusal
from queqiao.collect.protocols.translators import segment_call
from queqiao.collect.validation import Origin, Validator, looks_suspicious
from queqiao.kernel.errors import InvalidInput, Message
from queqiao.ports.event_log.base import EventLog

_UNKNOWN = Message("没有这条坏数据", "there is no such bad row")
_NO_EVENT = Message(
    "整个请求体不是 JSON，无法重放", "the body was not JSON: there is no event in it"
)
_CONFLICT = Message(
    "同一 messageId 已有不同内容的事件", "another event with this messageId is already stored"
)


class Replayer:
    """Validates kept rows again and stores those that pass, each at most once."""

    def __init__(self, log: EventLog, rows: BadRowsLog, validator: Validator) -> None:
        self._log = log
        self._rows = rows
        self._validator = validator

    async def replay(self, ids: Sequence[str]) -> Replay:
        """Try the rows again. Rows that are already events count as replayed."""
        refused: list[ReplayRefusal] = []
        replayed = 0
        for row_id in dict.fromkeys(ids):
            reason = await self._replay_one(row_id)
            if reason is None:
                replayed += 1
            else:
                refused.append(ReplayRefusal(row_id, reason))
        return Replay(replayed, refused)

    async def _replay_one(self, row_id: str) -> Message | None:
        kept = self._rows.find(row_id)
        if kept is None:
            return _UNKNOWN
        if kept.replayed_as is not None:
            return None
        if kept.row.whole_body:
            return _NO_EVENT
        return await self._take(kept)

    async def _take(self, kept: KeptBadRow) -> Message | None:
        row = kept.row
        # An id of the row's own, so that a replay cut off by a crash repeats itself exactly.
        own_id = row.own_id or f"bad-row-{kept.id}"
        try:
            body = segment_call(row.protocol, row.body, row.part)
            origin = Origin(
                row.source, row.received_at_us, row.sent_at_us, suspicious=looks_suspicious(body)
            )
            event = self._validator.event(body, row.call, origin, own_id)
        except InvalidInput as refusal:
            return refusal.fields[0].message if refusal.fields else refusal.title
        outcome = (await self._log.append([event]))[0]
        if outcome.status == "conflict":
            return _CONFLICT
        await self._rows.mark_replayed(kept.id, event.message_id)
        return None
