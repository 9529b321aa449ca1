"""What is wrong with the rules of floors in a request (schema version 2 of Prebid's floors)."""

from queqiao.decide.ads.openrtb.exchange.prebid import FloorModel, FloorsAsked
from queqiao.decide.ads.openrtb.faults import EMPTY, NEGATIVE, Faults
from queqiao.kernel.errors import Message

FIELDS = frozenset((
    "mediaType", "size", "siteDomain", "pubDomain", "domain", "bundle", "gptSlot", "adUnitCode",
    "channel", "country", "deviceType",
))  # fmt: skip
"""By which a floor can be told apart."""

FIELDS_MAX = 8
"""So many fields a table has at most: a look-up tries two to that power of keys."""

_UNKNOWN_FIELD = Message(
    f"须为 {'、'.join(sorted(FIELDS))} 之一", f"must be one of {', '.join(sorted(FIELDS))}"
)
_TOO_MANY = Message(f"最多 {FIELDS_MAX} 个字段", f"at most {FIELDS_MAX} fields")
_PERCENT = Message("须在 0 与 100 之间", "must be from 0 to 100")
_WEIGHT = Message("须在 1 与 100 之间", "must be from 1 to 100")
_DELIMITER = Message("须为一个字符", "must be one character")


def check_floors(faults: Faults, path: str, floors: FloorsAsked) -> None:
    """Note everything that is wrong."""
    faults.not_negative(path, floors, ("floormin",))
    faults.known_currency(f"{path}.floormincur", floors.floormincur)
    _percent(faults, f"{path}.skiprate", floors.skiprate)
    if floors.enforcement is not None:
        _percent(faults, f"{path}.enforcement.enforcerate", floors.enforcement.enforcerate)
    if floors.data is None:
        return
    faults.known_currency(f"{path}.data.currency", floors.data.currency)
    _percent(faults, f"{path}.data.skiprate", floors.data.skiprate)
    for number, model in enumerate(floors.data.modelgroups or ()):
        _model(faults, f"{path}.data.modelgroups[{number}]", model)


def _percent(faults: Faults, path: str, value: int | None) -> None:
    if value is not None and not 0 <= value <= 100:
        faults.add(path, _PERCENT)


def _model(faults: Faults, path: str, model: FloorModel) -> None:
    faults.known_currency(f"{path}.currency", model.currency)
    faults.not_negative(path, model, ("default",))
    _percent(faults, f"{path}.skiprate", model.skiprate)
    if model.modelweight is not None and not 1 <= model.modelweight <= 100:
        faults.add(f"{path}.modelweight", _WEIGHT)
    fields = (model.schema.fields if model.schema is not None else None) or []
    if model.values and not fields:
        faults.add(f"{path}.schema.fields", EMPTY)
    if len(fields) > FIELDS_MAX:
        faults.add(f"{path}.schema.fields", _TOO_MANY)
    for number, field in enumerate(fields):
        if field not in FIELDS:
            faults.add(f"{path}.schema.fields[{number}]", _UNKNOWN_FIELD)
    if model.schema is not None and len(model.schema.delimiter) != 1:
        faults.add(f"{path}.schema.delimiter", _DELIMITER)
    if any(floor < 0 for floor in (model.values or {}).values()):
        faults.add(f"{path}.values", NEGATIVE)
