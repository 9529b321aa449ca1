"""Sends events to Queqiao, through a spool on disk. Standard library only."""

from queqiao_client.client import Client
from queqiao_client.errors import (
    Closed,
    InvalidEvent,
    QueqiaoError,
    Refused,
    SpoolBroken,
    SpoolFull,
    Unreachable,
)
from queqiao_client.events import PURPOSES, VERSION

__version__ = VERSION

__all__ = [
    "PURPOSES",
    "Client",
    "Closed",
    "InvalidEvent",
    "QueqiaoError",
    "Refused",
    "SpoolBroken",
    "SpoolFull",
    "Unreachable",
]
