"""What an ad request tells: the fields that a campaign's expression may ask."""

FIELDS = frozenset(
    {
        "segments",
        "tags",
        "channel",
        "keywords",
        "skus",
        "categories",
        "device.type",
        "device.os",
        "device.browser",
        "device.language",
        "geo",
        "geo.country",
        "geo.region",
        "geo.city",
        "now",
    }
)
"""Beside these, everything under ``attributes.``: what the shop itself tells."""
