"""Copies a log in a process of its own, which tests kill: FOLDER URL KAFKA_FOLDER."""

import asyncio
import sys
from pathlib import Path

from queqiao.ports.event_log.kafka import move as moving
from queqiao.ports.event_log.kafka.place import place_of


def told(offset: int, end: int) -> None:
    print(offset, end, flush=True)


if __name__ == "__main__":
    moving.GROUP_EVENTS = 20
    moving.NOTE_EVERY_S = 0.05
    source, url, folder = sys.argv[1:]
    asyncio.run(moving.move(Path(source), place_of(url), Path(folder), ahead=False, told=told))
