"""What an operator says about invalid traffic: the ``[traffic]`` section of the settings."""

from ipaddress import ip_network
from typing import Annotated

import msgspec
from msgspec import Meta

from queqiao.kernel.errors import FieldError, Message

Word = Annotated[str, Meta(min_length=1, max_length=500)]


class AdvertisersOwn(msgspec.Struct, forbid_unknown_fields=True):
    """Who belongs to an advertiser, by the name in its campaigns: ids of people, networks."""

    name: Word
    people: Annotated[list[Word], Meta(max_length=10_000)] = []
    networks: Annotated[list[Word], Meta(max_length=1_000)] = []


class TrafficSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Bounds of what people can do, and who is one's own.

    ``fastest_click_ms``: from the decision to a click. The mean of simple reactions to light is 213
    to 231 ms (Woods et al., Frontiers in Human Neuroscience 9, 2015, 131), and few lie below 150; a
    click needs the ad on its way, drawn and aimed at beside that, so nothing under 100 ms is one.

    ``clicks_per_person`` and its neighbours: how many clicks within ``window_s`` still count;
    ``clicks_per_person_day`` and ``clicks_per_campaign_day``: how many of one person in a day, and
    on one campaign, looked at afterwards.
    """

    own_agents: Annotated[list[Word], Meta(max_length=100)] = []
    own_networks: Annotated[list[Word], Meta(max_length=1_000)] = msgspec.field(
        default_factory=lambda: ["127.0.0.0/8", "::1"]
    )
    advertisers: Annotated[list[AdvertisersOwn], Meta(max_length=10_000)] = []
    ranges_folder: Annotated[str, Meta(max_length=1_000)] = ""
    hosting_database: Annotated[str, Meta(max_length=1_000)] = ""
    fastest_click_ms: Annotated[int, Meta(ge=0, le=60_000)] = 100
    window_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    clicks_per_person: Annotated[int, Meta(ge=1, le=100_000)] = 30
    clicks_per_device: Annotated[int, Meta(ge=1, le=100_000)] = 60
    clicks_per_address: Annotated[int, Meta(ge=1, le=100_000)] = 600
    clicks_per_person_day: Annotated[int, Meta(ge=1, le=1_000_000)] = 200
    clicks_per_campaign_day: Annotated[int, Meta(ge=1, le=1_000_000)] = 30
    keys_max: Annotated[int, Meta(ge=100, le=10_000_000)] = 100_000


_NETWORK = Message(
    "应为 IP 地址或网段，如 10.0.0.0/8", "give an address or a network, such as 10.0.0.0/8"
)


def problems(settings: TrafficSettings) -> list[FieldError]:
    """Return what the types alone cannot say of the section."""
    named = [("traffic.own_networks", settings.own_networks)]
    for number, one in enumerate(settings.advertisers):
        named.append((f"traffic.advertisers[{number}].networks", one.networks))
    return [
        FieldError(f"{path}[{number}]", _NETWORK)
        for path, texts in named
        for number, text in enumerate(texts)
        if not _is_network(text)
    ]


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
