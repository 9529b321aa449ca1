"""A schema on a sample, before it is saved."""

from typing import Any

import pytest

from queqiao.collect.schemas_check import SchemaTrial, try_schema
from queqiao.collect.schemas_document import EventSchemaDocument
from queqiao.kernel.errors import InvalidInput

SCHEMA = {
    "type": "object",
    "required": ["tea"],
    "properties": {"tea": {"type": "string"}},
}


def trial(sample: Any, schema: dict[str, Any] = SCHEMA) -> SchemaTrial:
    return SchemaTrial(EventSchemaDocument("Tea Brewed", schema), sample)


def test_a_good_sample_has_no_fault() -> None:
    assert try_schema(trial({"tea": "龙井"})) is None


def test_the_first_fault_is_named_by_its_place() -> None:
    fault = try_schema(trial({"tea": 7}))
    assert fault is not None
    assert fault.path == "properties.tea"


@pytest.mark.parametrize(("sample", "schema"), [([], SCHEMA), ({}, {"type": "no such type"})])
def test_what_cannot_be_tried_is_refused(sample: Any, schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        try_schema(trial(sample, schema))
