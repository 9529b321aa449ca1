"""Which engine runs transforms, and where, as ``[ports] compute`` names it.

    embedded
    spark:/opt/queqiao-spark/bin/python[?master=local[2]]
    flink:/opt/queqiao-flink/bin/python[?rest=http://host:8081]

The path is the Python of the engine's environment. ``jars`` (paths, with commas between) are those
of connectors; any name with a dot is a setting of the engine: ``spark.driver.memory=1g``.
"""

from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message

SETTING = "ports.compute"
EMBEDDED = "embedded"

_WRITE = Message(
    "请写成 embedded、spark:/环境/bin/python?master=local[2] 或 "
    "flink:/环境/bin/python?rest=http://主机:8081",
    "write embedded, spark:/environment/bin/python?master=local[2], or"
    " flink:/environment/bin/python?rest=http://host:8081",
)


class ComputePlace(msgspec.Struct, frozen=True):
    """An engine. ``at`` is Spark's master or the address of Flink's cluster; empty: in its process.

    ``python`` is None for the embedded engine only.
    """

    engine: Literal["embedded", "spark", "flink"]
    python: Path | None = None
    at: str = ""
    jars: tuple[Path, ...] = ()
    settings: dict[str, str] = {}


def compute_place(url: str) -> ComputePlace:
    """Return the engine that a URL names. Raises InvalidInput, with the cure."""
    parts = urlsplit(url)
    if url == EMBEDDED:
        return ComputePlace("embedded")
    if parts.scheme not in ("spark", "flink") or not parts.path.startswith("/") or parts.netloc:
        raise InvalidInput(FieldError(SETTING, _WRITE))
    asked = dict(parse_qsl(parts.query))
    at = asked.pop("master" if parts.scheme == "spark" else "rest", "")
    jars = tuple(map(Path, filter(None, asked.pop("jars", "").split(","))))
    if parts.scheme == "flink" and at and not at.startswith("http://"):
        raise InvalidInput(FieldError(SETTING, _WRITE))
    for name in asked:
        if "." not in name:
            message = Message(f"没有 {name} 这一项", f"{name} is unknown")
            raise InvalidInput(FieldError(SETTING, message))
    engine: Literal["spark", "flink"] = "spark" if parts.scheme == "spark" else "flink"
    return ComputePlace(engine, Path(parts.path), at, jars, asked)


def problems(url: str) -> list[FieldError]:
    """Return what is wrong with the setting."""
    try:
        compute_place(url)
    except InvalidInput as error:
        return list(error.fields)
    return []
