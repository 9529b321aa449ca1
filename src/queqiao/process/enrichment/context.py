"""The parts of an event's context that a column takes, read whatever else is wrong with it."""

import msgspec
from msgspec import Raw

NOTHING = Raw(b"null")


class Campaign(msgspec.Struct, gc=False, frozen=True):
    """The UTM parameters, as SDKs send them."""

    name: str | None = None
    source: str | None = None
    medium: str | None = None
    term: str | None = None
    content: str | None = None


class Page(msgspec.Struct, gc=False):
    """Where it happened and from where the person came."""

    url: str | None = None
    referrer: str | None = None
    search: str | None = None


class Context(msgspec.Struct, gc=False):
    """The parts of the context that a column takes. ``webdriver``: the browser is driven."""

    channel: str | None = None
    campaign: Campaign | None = None
    page: Page | None = None
    user_agent: str | None = msgspec.field(name="userAgent", default=None)
    user_agent_snake: str | None = msgspec.field(name="user_agent", default=None)
    ip: str | None = None
    webdriver: bool | None = None
    consent: Raw = NOTHING


EMPTY_CONTEXT = Context()
_decode = msgspec.json.Decoder(Context).decode
_decode_parts = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode
_NAMES = frozenset(field.encode_name for field in msgspec.structs.fields(Context))


def read_context(raw: Raw) -> Context:
    """Return the context; a part of a wrong type is left out (the JSON keeps it)."""
    if len(bytes(raw)) == 2:
        return EMPTY_CONTEXT
    try:
        return _decode(raw)
    except msgspec.DecodeError:
        return _leniently(raw)


def _leniently(raw: Raw) -> Context:
    """Read part by part: a channel of a wrong type must not hide what the person consented to."""
    try:
        given = _decode_parts(raw)
    except msgspec.DecodeError:
        return EMPTY_CONTEXT
    kept: dict[str, Raw] = {}
    for name in _NAMES & given.keys():
        try:
            _decode(_encode({name: given[name]}))
            kept[name] = given[name]
        except msgspec.DecodeError:  # of another type than the column's
            continue
    return _decode(_encode(kept))
