"""Invalid traffic as this home's settings have it, for the roles that judge it."""

import asyncio

from queqiao.decide.ads.notice_events import Notice
from queqiao.decide.ads.traffic.afterwards import DayBounds
from queqiao.decide.ads.traffic.caller import Callers
from queqiao.decide.ads.traffic.data_centres import LOOK_EVERY_S, DataCentres
from queqiao.decide.ads.traffic.floods import Bounds
from queqiao.decide.ads.traffic.hot_endpoints import TrafficServices
from queqiao.decide.ads.traffic.self_clicks import Own, Owners
from queqiao.decide.ads.traffic.settings import TrafficSettings
from queqiao.decide.ads.traffic.watch import Watch
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

_NOTHING = Message(
    "没有机房网段，不判断地址；有了之后写进 [traffic] 的 ranges_folder",
    "none: no address is judged; name a folder of ranges as ranges_folder under [traffic]",
)
_NO_RANGES = Message("ranges_folder 里读不到任何网段", "ranges_folder gives no range")
_RANGES_CURE = Message(
    "放入云厂商公布的网段文件，或把 [traffic] 的 ranges_folder 留空",
    "put the files that clouds publish there, or leave ranges_folder under [traffic] empty",
)
_NO_DATABASE = Message("hosting_database 读不了", "hosting_database cannot be read")
_DATABASE_CURE = Message(
    "改成 MaxMind DB 格式的文件，或把 [traffic] 的 hosting_database 留空",
    "set it to a file in MaxMind DB format, or leave hosting_database under [traffic] empty",
)


def callers(settings: Settings) -> Callers:
    """Return what judges callers, with nothing read yet of the operator's ranges."""
    said = settings.traffic
    folder = settings.home / said.ranges_folder if said.ranges_folder else None
    database = settings.home / said.hosting_database if said.hosting_database else None
    return Callers(DataCentres(folder, database), said.own_networks, said.own_agents)


def bounds(said: TrafficSettings) -> Bounds:
    """Return how many clicks count."""
    return Bounds(
        said.window_s * SECOND_US,
        {
            "person": said.clicks_per_person,
            "device": said.clicks_per_device,
            "address": said.clicks_per_address,
        },
    )


def day_bounds(said: TrafficSettings) -> DayBounds:
    """Return how many clicks of a person count, as it is looked at afterwards."""
    return DayBounds(
        said.window_s * SECOND_US,
        said.clicks_per_person,
        said.clicks_per_person_day,
        said.clicks_per_campaign_day,
    )


def watch(settings: Settings, judges: Callers) -> Watch[Notice]:
    """Return what watches notices."""
    said = settings.traffic
    owners = Owners({one.name: Own.of(one.people, one.networks) for one in said.advertisers})
    fastest_click_us = said.fastest_click_ms * 1000
    return Watch(judges, bounds(said), fastest_click_us, owners, said.keys_max)


def services(settings: Settings, judges: Callers) -> TrafficServices:
    """Return what the classification needs."""
    said = settings.traffic
    return TrafficServices(judges, bounds(said), said.fastest_click_ms * 1000)


def described(settings: Settings) -> Message:
    """Say what addresses are judged by. Raises UnfitError for what is named and gives nothing."""
    said = settings.traffic
    if not said.ranges_folder and not said.hosting_database:
        return _NOTHING
    centres = callers(settings).data_centres
    centres.refresh()
    if said.ranges_folder and "ranges" not in centres.sources:
        raise UnfitError(_NO_RANGES, _RANGES_CURE)
    if said.hosting_database and "database" not in centres.sources:
        raise UnfitError(_NO_DATABASE, _DATABASE_CURE)
    count, by = f"{centres.size:,}", ", ".join(centres.sources)
    return Message(f"按 {by} 判断地址：{count} 个网段", f"judged by {by}: {count} ranges")


async def keep(judges: Callers, stop: asyncio.Event) -> None:
    """Read the operator's ranges, and again when they have changed, until ``stop`` is set."""

    async def once() -> None:
        await asyncio.to_thread(judges.data_centres.refresh)

    await every(LOOK_EVERY_S, stop, once)
