"""Which refusals an operation answers is what the published document says, no less and no more."""

import re
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system import things
from tests.system.test_openapi import _body, filled, operations
from tests.system.things import Things, admin

pytestmark = pytest.mark.system

JUNK = {"content": b"\x00junk", "headers": {"content-type": "text/x", "content-encoding": "x-no"}}
STALE = {"if-match": '"99999"'}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Asked = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture(scope="module")
def asked(system: System) -> Asked:
    """The operations that may be called with nonsense: a DELETE would do what it says."""
    document = httpx.get(f"{system.base_url}/openapi.json", timeout=30).json()
    return [one for one in operations(document) if one[0] not in {"DELETE", "OPTIONS"}]


@pytest.fixture(scope="module")
def made(system: System) -> Things:
    return things.make_things(system, "statuses")


def told(asked: Asked, status: str) -> set[tuple[str, str]]:
    return {(method, path) for method, path, one in asked if status in one["responses"]}


def test_what_junk_and_stale_revisions_are_answered_is_documented(
    system: System, asked: Asked, made: Things
) -> None:
    answered: dict[int, set[tuple[str, str]]] = {}
    untold = []
    with admin(system) as client:
        for method, path, operation in asked:
            stale = _body(method, path)
            stale["headers"] = {**stale.get("headers", {}), **STALE}
            for probe in (JUNK, stale):
                status = client.request(method, filled(path, made), **probe).status_code
                answered.setdefault(status, set()).add((method, path))
                if str(status) not in operation["responses"]:
                    untold.append((method, path, status))
    assert untold == []
    for status in (412, 415, 428):
        assert answered[status] == told(asked, str(status)), status


def test_a_method_that_a_path_has_not_is_answered_405_as_documented(
    system: System, asked: Asked, made: Things
) -> None:
    offered: dict[str, set[str]] = {}
    for method, path, _ in asked:
        offered.setdefault(path, set()).add(method)
    assert told(asked, "405") == {(method, path) for method, path, _ in asked}
    deletable = re.compile(r"/api/v1/(keys|users|session)")
    with admin(system) as client:
        for path, methods in offered.items():
            absent = next(
                m
                for m in METHODS
                if m not in methods and not (m == "DELETE" and deletable.match(path))
            )
            answer = client.request(absent, filled(path, made))
            assert answer.status_code == 405, (absent, path, answer.status_code)


def test_a_file_to_import_is_documented_as_the_types_that_are_taken(
    system: System, asked: Asked
) -> None:
    (content,) = (
        one["requestBody"]["content"] for _, path, one in asked if path.endswith("catalog/import")
    )
    with admin(system) as client:
        for media_type in content:
            answer = client.post(
                "/api/v1/catalog/import",
                params={"dry_run": "true"},
                content=b"product_id,name,sku,price,currency\n",
                headers={"content-type": media_type},
            )
            assert answer.status_code != 415, media_type
        refused = client.post(
            "/api/v1/catalog/import", content=b"x", headers={"content-type": "application/json"}
        )
    assert refused.status_code == 415
    assert "application/json" not in content
