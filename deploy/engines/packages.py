"""What the engines are made of is fetched once: jars by Maven, wheels by pip, each into a folder.

A folder is named for what is in it (a digest of the list and versions), is filled beside its place
and renamed when whole; so what is there is complete, and two who fetch at once do no harm.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.engines.errors import EngineError

HERE = Path(__file__).parent
CACHE_VARIABLE = "QUEQIAO_ENGINES_CACHE"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
COPY_FILE = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
APT_INSTALL = "apt-get install -y --no-install-recommends"
PACKAGES = {
    "java": "openjdk-17-jre-headless",
    "mvn": "maven",
    "redis-server": "redis-server",
    "prometheus": "prometheus",
    "pg_ctl": "postgresql",
}
"""Programs, and the packages of the system that bring them (``system_packages.sh``)."""


def cache_folder() -> Path:
    """Return the folder that holds what was fetched: the environment's, or one in the checkout."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given).absolute() if given else HERE.parents[1] / ".cache" / "engines"


def program(name: str) -> Path:
    """Return where a program lies; raises EngineError that says how to install it."""
    found = shutil.which(name)
    if found is None:
        raise EngineError(f"{name} is not installed (or not in PATH). Run: {cure(name)}")
    return Path(found)


def cure(name: str) -> str:
    """Return the line that installs a program."""
    return f"{APT_INSTALL} {PACKAGES[name]}"


def jars(cache: Path, engine: str, versions: Mapping[str, str]) -> Path:
    """Return the folder of an engine's jars as its pom lists them."""
    return _folder(cache, f"{engine}-jars", _pom(engine).read_bytes(), *_defined(versions))


def fetch_jars(cache: Path, engine: str, versions: Mapping[str, str]) -> None:
    """Fetch what ``jars`` names, if it lacks."""

    def fill(folder: Path) -> None:
        _maven(cache, "-f", _pom(engine), COPY_JARS, f"-DoutputDirectory={folder}",
               "-DincludeScope=runtime", *_defined(versions))  # fmt: skip

    _once(jars(cache, engine, versions), fill)


def archive(cache: Path, artifact: str) -> Path:
    """Return the folder of an unpacked archive of Maven's, named group:name:version:type:class."""
    return _folder(cache, artifact.split(":")[1], b"", artifact)


def fetch_archive(cache: Path, artifact: str) -> None:
    """Fetch and unpack what ``archive`` names, if it lacks."""

    def fill(folder: Path) -> None:
        _maven(cache, COPY_FILE, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}")
        for packed in list(folder.iterdir()):
            shutil.unpack_archive(packed, folder, filter="data")
            packed.unlink()

    _once(archive(cache, artifact), fill)


def wheels(cache: Path, engine: str) -> Path:
    """Return the folder of an engine's Python packages, not a virtual environment."""
    return _folder(cache, f"{engine}-wheels", _lock(engine).read_bytes())


def fetch_wheels(cache: Path, engine: str) -> None:
    """Fetch what ``wheels`` names, if it lacks."""
    command = [sys.executable, "-m", "pip"]
    _once(
        wheels(cache, engine),
        lambda folder: _pip(command, engine, "--no-deps", "--target", str(folder)),
    )


def environment(cache: Path, engine: str) -> Path:
    """Return the virtual environment of an engine, of this Python's version."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return _folder(cache, f"{engine}-environment", _lock(engine).read_bytes(), version)


def fetch_environment(cache: Path, engine: str) -> None:
    """Make what ``environment`` names, if it lacks."""

    def fill(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        # Ours installs for it: its own pip would cost a second and 10 MB.
        command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
        _pip(command, engine)

    # An environment holds its own path, so it is made in place; a mark says that it is whole.
    _once(environment(cache, engine), fill, in_place=True)


def _pom(engine: str) -> Path:
    return HERE / "poms" / f"{engine}.xml"


def _lock(engine: str) -> Path:
    return HERE / "environments" / f"{engine}.lock"


def _defined(versions: Mapping[str, str]) -> list[str]:
    return [f"-D{name}.version={version}" for name, version in sorted(versions.items())]


def _folder(cache: Path, name: str, content: bytes, *more: str) -> Path:
    digest = hashlib.sha256(b"\0".join([content, *(one.encode() for one in more)])).hexdigest()
    return cache / f"{name}-{digest[:12]}"


def _maven(cache: Path, *arguments: str | Path) -> None:
    program("java")
    command = [str(program("mvn")), "-B", "-q", "-ntp", *map(str, arguments)]
    with _locked(cache / "maven.lock"):  # its own repository is no place for two at once
        _run(command)


def _pip(command: list[str], engine: str, *options: str) -> None:
    command = [*command, "install", "--quiet", "--disable-pip-version-check"]
    # Most modules are never imported, and compiling all of them takes half of the time.
    command += ["--no-warn-script-location", "--no-compile", "--require-hashes", *options]
    _run([*command, "-r", str(_lock(engine))])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stderr + done.stdout).strip()[-2000:]
        raise EngineError(f"{' '.join(command[:4])} ... failed; what it said:\n{told}")


def _once(place: Path, fill: Callable[[Path], None], *, in_place: bool = False) -> None:
    """Fill a folder, unless it was filled; one at a time for each folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    mark = place.with_suffix(".whole")
    with _locked(place.with_suffix(".lock")):
        if mark.exists():
            return
        print(f"fetching {place.name}", file=sys.stderr, flush=True)
        shutil.rmtree(place, ignore_errors=True)
        if in_place:
            fill(place)
        else:
            with tempfile.TemporaryDirectory(dir=place.parent) as beside:
                folder = Path(beside) / "content"
                folder.mkdir()
                fill(folder)
                folder.rename(place)
        mark.touch()


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold a lock that threads and processes respect."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
