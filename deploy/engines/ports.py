"""Ports of one instance: a block that was free when its home was new, kept in the home.

What engines wrote down of each other (a table's address in the metastore) stays true over a stop.
The first port of a block is held by the instance's supervisor, so two instances never share one.
"""

import json
import random
import socket
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from deploy.engines.errors import EngineError

BLOCK = 64
LOWEST = 20_032
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def assign(fixed: Mapping[str, int], home: Path, names: Iterable[str]) -> dict[str, int]:
    """Return the port of every name, and the block's first as ``base``.

    ``fixed`` is the table of the settings; raises EngineError for a name that it lacks or has too
    many, and for a base that no block can begin at.
    """
    names = list(names)
    _same_names(fixed, names)
    kept = home / "ports.json"
    base = fixed["base"] or (json.loads(kept.read_text())["base"] if kept.exists() else free_base())
    if base + BLOCK > 65_536:
        raise EngineError(f"[ports] base {base} leaves no room for {BLOCK} ports: choose a lower")
    ports = {name: fixed[name] or base + 1 + index for index, name in enumerate(names)}
    home.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"base": base, **ports}, indent=1))
    return {"base": base, **ports}


def _same_names(fixed: Mapping[str, int], names: list[str]) -> None:
    lacking = sorted({"base", *names} - set(fixed))
    unknown = sorted(set(fixed) - {"base", *names})
    if lacking or unknown:
        raise EngineError(f"[ports] lacks {lacking} and knows no {unknown}")


def free_base() -> int:
    """Return the first port of a block in which nothing listens, below the system's own range."""
    end = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    bases = list(range(LOWEST, max(end, LOWEST + 100 * BLOCK) - BLOCK, BLOCK))
    random.SystemRandom().shuffle(bases)
    for base in bases:
        if all(_free(port) for port in range(base, base + BLOCK)):
            return base
    raise EngineError("[ports] base = 0: no block of 64 free ports is left on this machine")


def _free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def hold(base: int) -> socket.socket:
    """Take the block: bind its first port until the socket is closed."""
    holder = socket.socket()
    try:
        holder.bind(("127.0.0.1", base))
    except OSError as error:
        holder.close()
        raise EngineError(
            f"[ports] base {base}: another instance holds this block ({error.strerror}). Stop it, "
            "or set another base"
        ) from error
    return holder


def refuse_answering(ports: Mapping[str, int], names: Iterable[str]) -> None:
    """Raise EngineError if anything answers at one of these ports."""
    for name in names:
        with closing(socket.socket()) as probe:
            probe.settimeout(1.0)
            if probe.connect_ex(("127.0.0.1", ports[name])) == 0:
                raise EngineError(
                    f"[ports] {name}: something answers at 127.0.0.1:{ports[name]} already. Stop "
                    f"it, or give {name} another port in engines.toml"
                )
