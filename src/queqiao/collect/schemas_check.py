"""What a schema would do to a sample event, before the schema is saved: a question, no write."""

from typing import Any, Literal

import msgspec

from queqiao.collect.schemas_compiled import checker
from queqiao.collect.schemas_document import EventSchemaDocument, check_event_schema
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Language, Request, Response, Route, json_response

_SAMPLE = Message("须为 JSON 对象", "must be a JSON object")


class SchemaTrial(msgspec.Struct, forbid_unknown_fields=True):
    """A schema, and a sample of the part (properties or traits) that it speaks of."""

    document: EventSchemaDocument
    sample: Any


class SampleFault(msgspec.Struct, frozen=True):
    """The first thing in the sample that is not as the schema asks."""

    path: str
    message: str


class SchemaTrialView(msgspec.Struct, frozen=True):
    """What would become of the sample: stored, stored and marked, or kept as a bad row."""

    outcome: Literal["stored", "marked", "refused"]
    fault: SampleFault | None


def try_schema(trial: SchemaTrial) -> FieldError | None:
    """Return the first fault of the sample, or None. Raises InvalidInput for what is no schema."""
    check_event_schema(trial.document)
    if not isinstance(trial.sample, dict):
        raise InvalidInput(FieldError("sample", _SAMPLE))
    return checker(trial.document.schema, trial.document.part)(json.encode(trial.sample))


def routes() -> list[Route]:
    """Return the route."""

    async def check(request: Request) -> Response:
        trial = request.decode(SchemaTrial)
        return json_response(_view(trial, try_schema(trial), request.language))

    words = Message("用样例试一个事件模式", "Try a schema of an event on a sample; writes nothing")
    path = "/api/v1/schemas/events/check"
    return [Route("POST", path, check, words, "read", SchemaTrial, SchemaTrialView, ("schemas",))]


def _view(trial: SchemaTrial, fault: FieldError | None, language: Language) -> SchemaTrialView:
    if fault is None:
        return SchemaTrialView("stored", None)
    told = SampleFault(fault.path, fault.message.in_language(language))
    return SchemaTrialView("refused" if trial.document.mode == "strict" else "marked", told)
