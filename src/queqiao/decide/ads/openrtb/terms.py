"""On which terms a campaign bids in other exchanges, and the files that only exchanges show."""

from typing import Annotated

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1, max_length=128)]
Domain = Annotated[str, Meta(min_length=1, max_length=253, examples=["brand.example"])]
Category = Annotated[str, Meta(min_length=1, max_length=20, examples=["IAB22-1"])]
Language = Annotated[str, Meta(min_length=2, max_length=8, examples=["zh"])]
Attribute = Annotated[int, Meta(ge=1, le=10_000)]
Mime = Annotated[str, Meta(min_length=3, max_length=100, examples=["video/mp4"])]
Address = Annotated[str, Meta(min_length=1, max_length=2_000)]
Seconds = Annotated[int, Meta(ge=1, le=3_600)]
Pixels = Annotated[int, Meta(ge=1, le=20_000)]
LIST_MAX = 100


class ExchangeTerms(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a campaign bids in exchanges; ``bids`` false: not at all.

    ``domain`` is the advertiser's (else that of the landing page), ``categories`` are of the IAB's
    content taxonomy 1.0, ``attributes`` of its list of creative attributes, ``bundle`` is the app
    that is advertised. With ``deals`` it may use no other deals than these.
    """

    bids: bool = True
    domain: Domain | None = None
    categories: Annotated[list[Category], Meta(max_length=LIST_MAX)] = []
    language: Language | None = None
    attributes: Annotated[list[Attribute], Meta(max_length=LIST_MAX)] = []
    bundle: Text | None = None
    deals: Annotated[list[Text], Meta(max_length=LIST_MAX)] = []


class VideoFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A video that plays as an ad."""

    url: Address
    duration_s: Seconds
    mime: Mime = "video/mp4"
    width: Pixels = 1_280
    height: Pixels = 720
    bitrate_kbps: Annotated[int, Meta(ge=1, le=100_000)] | None = None


class AudioFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A recording that plays as an ad."""

    url: Address
    duration_s: Seconds
    mime: Mime = "audio/mpeg"
    bitrate_kbps: Annotated[int, Meta(ge=1, le=10_000)] | None = None
