"""What an operator says about probes: the ``[probes]`` section of the settings."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from queqiao.kernel.errors import FieldError, Message

Word = Annotated[str, Meta(min_length=1, max_length=500)]


class Target(msgspec.Struct, forbid_unknown_fields=True):
    """One Prometheus endpoint. ``labels`` are added to all of its series.

    ``token_file`` holds a bearer token; ``timeout_s`` bounds a whole answer.
    """

    job: Word
    url: Word
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 5
    labels: Annotated[dict[Word, Word], Meta(max_length=10)] = {}
    token_file: str = ""


class ProbeSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How often is looked, at which disks beside the home's, and whom to scrape."""

    every_s: Annotated[float, Meta(ge=1, le=3600)] = 15
    disks: Annotated[list[Word], Meta(max_length=20)] = []
    scrape: Annotated[list[Target], Meta(max_length=100)] = []
    scrape_bytes_max: Annotated[int, Meta(ge=1000, le=100_000_000)] = 10_000_000
    scrape_samples_max: Annotated[int, Meta(ge=1, le=200_000)] = 20_000


def problems(settings: ProbeSettings) -> list[FieldError]:
    """Return what the types alone cannot say of the section."""
    found = []
    for number, one in enumerate(settings.scrape):
        try:
            parts = urlsplit(one.url)
            sound = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            sound = False
        if not sound:
            message = Message("请写成 http://主机:端口/metrics", "write http://host:port/metrics")
            found.append(FieldError(f"probes.scrape[{number}].url", message))
    return found
