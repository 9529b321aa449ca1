"""Java processes, and the XML files that Hadoop's family reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from deploy.engines.packages import program
from deploy.engines.settings import Settings

OPTIONS = (
    "-XX:+UseSerialGC",  # a small heap on few cores
    "-XX:+ExitOnOutOfMemoryError",  # the supervisor starts it again
    "-XX:-UsePerfData",  # no files in /tmp
    "-XX:ReservedCodeCacheSize=96m",
)
OPEN_LANG = "--add-opens=java.base/java.lang=ALL-UNNAMED"
"""Java 17 hides from libraries what older ones read of it."""


def java(
    settings: Settings,
    heap_mb: int,
    class_path: Sequence[str | Path],
    main: str,
    *arguments: str,
    options: Sequence[str] = (),
) -> list[str]:
    """Return the command of a Java program whose heap stays within ``heap_mb``."""
    path = ":".join(str(part) for part in class_path)
    return [str(program("java")), f"-Xms{min(64, heap_mb)}m", f"-Xmx{heap_mb}m",
            *compiling(settings), *OPTIONS, *options, "-cp", path, main, *arguments]  # fmt: skip


def compiling(settings: Settings) -> list[str]:
    """Return how Java compiles: quickly, or well."""
    return ["-XX:TieredStopAtLevel=1"] if settings.java.quick_start else []


def write_site(file: Path, values: Mapping[str, str | int]) -> None:
    """Write a configuration of Hadoop's kind."""
    lines = [
        f" <property><name>{name}</name><value>{escape(str(value))}</value></property>"
        for name, value in values.items()
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["<configuration>", *lines, "</configuration>", ""]))


def write_log4j1(folder: Path) -> None:
    """Write the log settings of Hadoop and HBase: to the standard output."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log4j.properties").write_text(
        "log4j.rootLogger=INFO,out\n"
        "log4j.appender.out=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
        "log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n\n"
    )


def write_log4j2(folder: Path) -> str:
    """Write the log settings of Kafka and Hive; return the option that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "log4j2.properties"
    file.write_text(
        "appender.out.type=Console\n"
        "appender.out.name=out\n"
        "appender.out.layout.type=PatternLayout\n"
        "appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n\n"
        "rootLogger.level=info\n"
        "rootLogger.appenderRef.out.ref=out\n"
    )
    return f"-Dlog4j2.configurationFile={file}"
