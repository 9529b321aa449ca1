"""The OpenAPI document is what is mounted, holds together, and says what answers are."""

from typing import Any

import jsonschema
from litestar import Litestar
from litestar.testing import TestClient
from tests.operate.conftest import OTHERS

Client = TestClient[Litestar]
RULE = {"document": {"name": "a", "tiers": [{"at_least": 2, "discount": 1}]}}


def test_the_openapi_document_is_what_is_mounted(owner: Client, application: Litestar) -> None:
    document = owner.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    mounted = {
        (method, route.path_format)
        for route in application.routes
        for method in route.methods  # type: ignore[union-attr]  # all of them are HTTP routes
        if method != "OPTIONS" and route.path_format not in {"/", "/{path}"}
    }
    described = {
        (method.upper(), path) for path, found in document["paths"].items() for method in found
    }
    assert described == mounted
    assert ("POST", OTHERS[0].path) in described
    ids = [
        found["operationId"] for methods in document["paths"].values() for found in methods.values()
    ]
    assert len(ids) == len(set(ids))


def test_every_reference_in_the_openapi_document_leads_somewhere(owner: Client) -> None:
    document = owner.get("/openapi.json").json()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                target = document
                for part in value["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_answers_are_as_the_openapi_document_says(owner: Client) -> None:
    owner.post("/api/v1/rules", json={**RULE, "id": "r"})
    owner.post("/api/v1/keys", json={"name": "k", "scope": "read"})
    cheap = {"name": "cheap", "tiers": [{"at_least": 100, "discount": 99}]}
    owner.post("/api/v1/rules", json={"document": cheap, "id": "cheap"})
    asked = str(owner.post("/api/v1/rules/cheap/approval").json()["id"])
    document = owner.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content")
        if content is None:
            continue
        answer = owner.get(path.replace("{id}", asked if "/approvals/" in path else "r"))
        schema = content["application/json"]["schema"]
        jsonschema.validate(answer.json(), {**schema, "components": document["components"]})
