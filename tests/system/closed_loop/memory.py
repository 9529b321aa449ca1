"""What all of a loop holds in memory: the system's processes and the engines'."""

from tests.system.closed_loop.stands import Stand

from deploy.engines.instance import Instance
from deploy.engines.processes import resident_mb


def memory_mb(stand: Stand, engines: Instance) -> dict[str, int]:
    """Return proportional set sizes in MB: of the system, of each server, and of all."""
    found = {state.name: round(resident_mb(state.pid)) for state in engines.status() if state.pid}
    found["system"] = round(resident_mb(stand.system.pid))
    return found | {"all": sum(found.values())}
