"""The settings that Segment SDKs fetch at start: send everything here, to us alone."""

from typing import Any

from msgspec import Struct, field


class ProjectSettings(Struct):
    """The document in the form that SDKs read."""

    integrations: dict[str, dict[str, Any]]
    plan: dict[str, dict[str, dict[str, bool]]]
    edge_function: dict[str, str] = field(name="edgeFunction", default_factory=dict)


def project_settings(write_key: str) -> ProjectSettings:
    """Return the settings of a write key."""
    enabled = {"__default": {"enabled": True}}
    own = {"apiKey": write_key, "unbundledIntegrations": [], "addBundledMetadata": True}
    return ProjectSettings(
        integrations={"Segment.io": own},
        plan={"track": enabled, "identify": enabled, "group": enabled},
    )
