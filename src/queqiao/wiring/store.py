"""The living store as a process of the demo: its keys, its history once, then its life."""

from pathlib import Path

import msgspec

from queqiao.wiring import role
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import RoleMain


class Plan(msgspec.Struct, frozen=True):
    """What the store is made from: a seed and days of history, or a real retailer's data."""

    seed: int = 618
    days: int = 30
    data: Path | None = None


def role_main(settings: Settings, plan: Plan) -> RoleMain:
    """Return the store's process for the supervisor."""

    def main(life_line: int) -> None:
        role.run(lambda stop: live(settings, plan, stop), life_line)

    return main
