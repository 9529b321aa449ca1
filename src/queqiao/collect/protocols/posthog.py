"""PostHog's events as Segment calls.

``$identify`` and ``$set`` are identify calls, ``$create_alias`` is alias, ``$groupidentify`` group,
``$pageview`` page, ``$screen`` screen; every other event is a track call under its own name, so an
event of our vocabulary is one here too. Properties whose names begin with ``$`` are the client's
own: known ones go to the context's usual places, the others to ``context.posthog``.
"""

from collections.abc import Mapping
from typing import Any

from queqiao.collect.protocols.reading import (
    mapping,
    read,
    renamed,
    required,
    text,
    without_none,
)

_PAGE = {"$current_url": "url", "$pathname": "path", "$referrer": "referrer"}
_CONTEXT: Mapping[str, Mapping[str, str]] = {
    "page": _PAGE,
    "library": {"$lib": "name", "$lib_version": "version"},
    "os": {"$os": "name", "$os_version": "version"},
    "browser": {"$browser": "name", "$browser_version": "version"},
    "device": {
        "$device_id": "id",
        "$device_type": "type",
        "$device_model": "model",
        "$device_manufacturer": "manufacturer",
        "$device_name": "name",
    },
    "screen": {"$screen_width": "width", "$screen_height": "height"},
    "app": {"$app_name": "name", "$app_version": "version", "$app_build": "build"},
    "campaign": {
        "utm_source": "source",
        "utm_medium": "medium",
        "utm_campaign": "name",
        "utm_term": "term",
        "utm_content": "content",
    },
}
_PLAIN_CONTEXT: Mapping[str, str] = {
    "$ip": "ip",
    "$raw_user_agent": "userAgent",
    "$browser_language": "locale",
    "$timezone": "timezone",
    "$session_id": "session_id",
    "$window_id": "window_id",
    "$groups": "groups",
}
_TYPES = {
    "$identify": "identify",
    "$set": "identify",
    "$set_once": "identify",
    "$create_alias": "alias",
    "$merge_dangerously": "alias",
    "$groupidentify": "group",
    "$pageview": "page",
    "$screen": "screen",
}


def translate(original: bytes) -> list[dict[str, Any]]:
    """Return the one call of an event, in the form of capture v0 or v1. Raises InvalidInput."""
    message = mapping(read(original), "")
    name = required(message.get("event"), "event")
    properties = dict(mapping(message.get("properties"), "properties"))
    properties.pop("token", None)
    kind = _TYPES.get(name, "track")
    call: dict[str, Any] = {
        "type": kind,
        "messageId": text(message.get("uuid"), "uuid")
        or text(properties.pop("$insert_id", None), "properties.$insert_id"),
        "timestamp": message.get("timestamp"),
        **_person(message, properties),
    }
    call.update(_PARTS[kind](name, message, properties, call))
    context = _context(message, properties)
    return [without_none({**call, "context": context, "properties": properties})]


def _person(message: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """Return who it was; an id that PostHog keeps no profile for is an anonymous one."""
    inner = properties.pop("distinct_id", None)
    distinct = text(message.get("distinct_id"), "distinct_id")
    if distinct is None:
        distinct = text(inner, "properties.distinct_id")
    options = mapping(message.get("options"), "options")
    profile = properties.get("$process_person_profile", options.get("process_person_profile"))
    anonymous = (
        profile is False
        or properties.get("$is_identified") is False
        or (distinct is not None and properties.get("$device_id") == distinct)
    )
    return {"anonymousId" if anonymous else "userId": distinct}


def _track(name: str, _: Any, __: Any, ___: Any) -> dict[str, Any]:
    return {"event": name}


def _identify(
    _: str, message: dict[str, Any], properties: dict[str, Any], call: dict[str, Any]
) -> dict[str, Any]:
    traits: dict[str, Any] = {}
    for name in ("$set_once", "$set"):
        traits.update(mapping(message.get(name), name))
        traits.update(mapping(properties.pop(name, None), f"properties.{name}"))
    before = text(properties.pop("$anon_distinct_id", None), "properties.$anon_distinct_id")
    return {"anonymousId": call.get("anonymousId") or before, "traits": traits}


def _alias(
    _: str, __: dict[str, Any], properties: dict[str, Any], call: dict[str, Any]
) -> dict[str, Any]:
    """``distinct_id`` is the id so far, ``alias`` the one that it goes on under."""
    known = call.pop("userId", None) or call.pop("anonymousId", None)
    return {
        "userId": required(properties.pop("alias", None), "properties.alias"),
        "previousId": required(known, "distinct_id"),
    }


def _group(
    _: str, __: dict[str, Any], properties: dict[str, Any], call: dict[str, Any]
) -> dict[str, Any]:
    """Return the group; the id that clients make up where nobody is named is no user's."""
    traits = dict(mapping(properties.pop("$group_set", None), "properties.$group_set"))
    kind = text(properties.pop("$group_type", None), "properties.$group_type")
    key = required(properties.pop("$group_key", None), "properties.$group_key")
    told = without_none({"group_type": kind})
    found: dict[str, Any] = {"groupId": key, "traits": {**traits, **told}}
    if call.get("userId") == f"${kind}_{key}":
        found["anonymousId"] = call.pop("userId")
    return found


def _page(_: str, __: dict[str, Any], properties: dict[str, Any], ___: Any) -> dict[str, Any]:
    for name, usual in _PAGE.items():
        if name in properties:
            properties.setdefault(usual, properties[name])
    return {"name": text(properties.get("title"), "properties.title")}


def _screen(_: str, __: dict[str, Any], properties: dict[str, Any], ___: Any) -> dict[str, Any]:
    return {"name": text(properties.pop("$screen_name", None), "properties.$screen_name")}


_PARTS = {
    "track": _track,
    "identify": _identify,
    "alias": _alias,
    "group": _group,
    "page": _page,
    "screen": _screen,
}


def _context(message: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """Take the client's own properties out of ``properties`` and put them in their places."""
    context: dict[str, Any] = {}
    for part, names in _CONTEXT.items():
        context[part] = renamed(properties, names)
    context.update(renamed(properties, _PLAIN_CONTEXT))
    for name in ("session_id", "window_id"):
        context.setdefault(name, text(message.get(name), name))
    own = {name: properties.pop(name) for name in list(properties) if name.startswith("$")}
    own.update(mapping(message.get("options"), "options"))
    context["posthog"] = {name.removeprefix("$"): value for name, value in own.items()}
    return without_none(context)
