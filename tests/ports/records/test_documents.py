"""Documents on every store of the records port: states, history, concurrency, audit."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from tests.ports.records.conftest import NOW_US

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    NotFound,
    PreconditionFailed,
    Refused,
)
from queqiao.ports.records import documents
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Records
from queqiao.ports.records.differences import Difference, differences
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.tables import audit as audit_table


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A document of these tests."""

    name: str
    discount: int = 0
    tiers: list[int] = []
    secret: str = ""


def check_rule(rule: Rule) -> None:
    if rule.discount < 0:
        raise InvalidInput(FieldError("discount", Message("不能为负", "must not be negative")))


RULE = DocumentKind("rule", "rules", Rule, check_rule)
WANG = Actor("u1", "Wang", "127.0.0.1", "trace")


def edit(now_us: int = NOW_US, **more: Any) -> Edit:
    return Edit(WANG, now_us, **more)


@pytest.fixture
def store(records: Records) -> Documents:
    return Documents(records)


async def test_a_document_lives_through_its_states(store: Documents) -> None:
    created = await store.create(RULE, "r1", Rule("满300减40"), edit())
    assert (created.revision, created.state) == (1, "draft")
    assert await store.live(RULE) == []
    live = await store.transition(RULE, "r1", "live", edit(NOW_US + 1))
    assert [found.id for found in await store.live(RULE)] == ["r1"]
    assert store.live_now(RULE) == [live]
    again = await store.transition(RULE, "r1", "live", edit(NOW_US + 2))
    assert again.revision == live.revision == 2
    await store.transition(RULE, "r1", "paused", edit())
    await store.transition(RULE, "r1", "live", edit())
    archived = await store.transition(RULE, "r1", "archived", edit())
    assert archived.revision == 5
    with pytest.raises(Refused):
        await store.transition(RULE, "r1", "live", edit())
    with pytest.raises(Refused):
        await store.replace(RULE, "r1", Rule("x"), edit())


async def test_a_draft_cannot_be_paused_and_states_are_the_kinds_own(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a"), edit())
    for state in ("paused", "draft2"):
        with pytest.raises(Refused):
            await store.transition(RULE, "r1", state, edit())


async def test_history_shows_each_change_with_who_when_and_why(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a", 1, [1, 2]), edit())
    await store.replace(RULE, "r1", Rule("a", 5, [1, 3, 4]), edit(NOW_US + 9, reason="618 加码"))
    await store.transition(RULE, "r1", "live", edit())
    newest, middle, first = await store.history(RULE, "r1")
    assert newest.changes == (Difference("state", "draft", "live"),)
    assert middle.changes == (
        Difference("discount", 1, 5),
        Difference("tiers[1]", 2, 3),
        Difference("tiers[2]", None, 4),
    )
    assert (middle.by, middle.at_us, middle.reason) == ("u1", NOW_US + 9, "618 加码")
    assert first.changes == ()
    assert first.document == Rule("a", 1, [1, 2])


async def test_of_two_editors_the_second_is_told(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a"), edit())
    results = await asyncio.gather(
        *(store.replace(RULE, "r1", Rule("a", n + 1), edit(expected_revision=1)) for n in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, PreconditionFailed) for result in results) == 4
    assert (await store.get(RULE, "r1")).revision == 2


async def test_equal_content_makes_no_revision(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a"), edit())
    assert (await store.replace(RULE, "r1", Rule("a"), edit())).revision == 1


async def test_what_is_wrong_is_refused_and_nothing_is_written(
    store: Documents, records: Records
) -> None:
    for document_id, rule in (("r1", Rule("a", -1)), ("../x", Rule("a")), ("é", Rule("a"))):
        with pytest.raises(InvalidInput):
            await store.create(RULE, document_id, rule, edit())
    with pytest.raises(NotFound):
        await store.get(RULE, "r1")
    with pytest.raises(NotFound):
        await store.history(RULE, "r1")
    await store.create(RULE, "r1", Rule("a"), edit())
    with pytest.raises(Conflict):
        await store.create(RULE, "r1", Rule("a"), edit())
    assert len(records.changes_since(0)) == 1


async def test_a_dry_run_answers_as_the_write_would_and_writes_nothing(
    store: Documents, records: Records
) -> None:
    assert (await store.create(RULE, "r1", Rule("a"), edit(dry_run=True))).revision == 1
    with pytest.raises(NotFound):
        await store.get(RULE, "r1")
    await store.create(RULE, "r1", Rule("a"), edit())
    assert (await store.transition(RULE, "r1", "live", edit(dry_run=True))).state == "live"
    assert (await store.get(RULE, "r1")).state == "draft"
    assert len(records.changes_since(0)) == 1


async def test_lists_filter_search_and_go_on_where_they_stopped(store: Documents) -> None:
    for number in range(7):
        await store.create(RULE, f"r{number}", Rule(f"Rule 满{number} 100%"), edit(NOW_US + number))
    await store.transition(RULE, "r3", "live", edit())
    await store.transition(RULE, "r0", "archived", edit())
    first = await store.list(RULE, limit=4)
    assert [found.id for found in first] == ["r6", "r5", "r4", "r3"]
    place = documents.Place(first[-1].created_at_us, first[-1].id)
    assert [found.id for found in await store.list(RULE, after=place)] == ["r2", "r1"]
    assert [found.id for found in await store.list(RULE, state="live")] == ["r3"]
    assert [found.id for found in await store.list(RULE, state="archived")] == ["r0"]
    assert [found.id for found in await store.list(RULE, query="满2")] == ["r2"]
    assert [found.id for found in await store.list(RULE, query="rULE 满2")] == ["r2"]
    assert await store.list(RULE, query="%1%") == []


async def test_every_write_is_audited_and_secrets_are_not_shown(
    store: Documents, records: Records
) -> None:
    hidden = ("secret",)
    await store.create(RULE, "r1", Rule("a", secret="s3cret"), edit(hidden=hidden))
    await store.replace(RULE, "r1", Rule("a", 2, secret="other"), edit(hidden=hidden))
    rows = records.read_now(lambda conn: conn.execute(select(audit_table)).all())
    assert [row.action for row in rows] == ["rule.create", "rule.replace"]
    assert [row.address for row in rows] == ["127.0.0.1"] * 2
    assert "s3cret" not in rows[0].diff
    assert msgspec.json.decode(rows[1].diff) == [{"path": "discount", "before": 0, "after": 2}]
    steps = records.read_now(lambda conn: documents.history(conn, RULE, "r1", hidden))
    assert steps[0].changes == (Difference("discount", 0, 2),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_differences_are_empty_only_between_equals(before: Any, after: Any) -> None:
    assert list(differences(before, before)) == []
    if not list(differences(before, after)):
        assert _without_nulls(before) == _without_nulls(after)


def _without_nulls(value: Any) -> Any:
    """A missing field and a null one look the same in a difference."""
    if isinstance(value, dict):
        items = {key: _without_nulls(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None}
    if isinstance(value, list):
        items = [_without_nulls(item) for item in value]
        while items and items[-1] is None:
            items.pop()
        return items
    return value
