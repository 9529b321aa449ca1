"""Prometheus' text format 0.0.4 and OpenMetrics 1.0: read within bounds, and written.

Our own parser: the official client's one accepts a whole document or nothing, takes OpenMetrics
and 0.0.4 in two modules, and builds objects for families; here one line that is wrong costs that
line alone, and the number of samples is bounded while reading.
Escapes ``\\\\``, ``\\"`` and ``\\n`` in label values; NaN and infinities are values; a timestamp is
in milliseconds in 0.0.4 and in seconds in OpenMetrics; exemplars behind ``#`` are left out.
"""

import math
import re
from collections.abc import Iterable, Mapping

import msgspec

from queqiao.collect.probes.contracts import Kind, Sample

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'\s*(?:[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"(?:[^"\\]|\\.)*+"\s*'
_SAMPLE = re.compile(
    rf"(?P<name>{_NAME})[ \t]*(?:\{{(?P<labels>(?:{_LABEL}(?:,{_LABEL})*+,?)?)\s*\}})?[ \t]*"
    r"(?P<value>[^\s#{}]+)(?:[ \t]+(?P<at>[-+0-9.eE]+))?[ \t]*(?:#.*)?"
)
_ONE_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*+)"')
_TYPE = re.compile(rf"#[ \t]+TYPE[ \t]+({_NAME})[ \t]+(\w+)[ \t]*")
_ESCAPE = re.compile(r"\\(.)")
_UNESCAPED = {"n": "\n", "\\": "\\", '"': '"'}

_KINDS: Mapping[str, Kind] = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "gaugehistogram": "gauge",
    "summary": "gauge",
    "info": "gauge",
    "stateset": "gauge",
}
_COUNTED = ("_bucket", "_count", "_sum", "_total", "_created", "_info")
LINE_CHARS_MAX = 100_000
LABELS_MAX = 64


class Exposition(msgspec.Struct, frozen=True):
    """What a document holds. ``wrong_lines`` could not be read; ``cut`` says there was more."""

    samples: list[Sample]
    wrong_lines: int = 0
    cut: bool = False


def parse(text: str, *, openmetrics: bool = False, samples_max: int = 20_000) -> Exposition:
    """Return the samples of a document, at most ``samples_max``."""
    types: dict[str, str] = {}
    samples: list[Sample] = []
    wrong = 0
    for raw in text.split("\n"):
        line = raw.strip(" \t\r")
        if not line or line.startswith("#"):
            kind = _TYPE.fullmatch(line) if line else None
            if kind is not None:
                types[kind[1]] = kind[2]
            elif openmetrics and line == "# EOF":
                break
            continue
        if len(samples) >= samples_max:
            return Exposition(samples, wrong, cut=True)
        sample = _sample(line, types, openmetrics=openmetrics)
        if sample is None:
            wrong += 1
        else:
            samples.append(sample)
    return Exposition(samples, wrong)


def _sample(line: str, types: Mapping[str, str], *, openmetrics: bool) -> Sample | None:
    if len(line) > LINE_CHARS_MAX:
        return None
    found = _SAMPLE.fullmatch(line)
    if found is None:
        return None
    labels = _ONE_LABEL.findall(found["labels"] or "")
    try:
        value = _number(found["value"])
        at = float(found["at"]) if found["at"] else None
        at_ms = None if at is None else int(at * 1000 if openmetrics else at)
    except (ValueError, OverflowError):
        return None
    if len(labels) > LABELS_MAX or len({name for name, _ in labels}) < len(labels):
        return None
    values = {name: _ESCAPE.sub(_unescape, text) for name, text in labels}
    return Sample(found["name"], value, values, _kind(found["name"], types), at_ms)


def _number(text: str) -> float:
    """Return a value; Go and the formats write NaN, +Inf, -Inf. Raises ValueError."""
    if "_" in text:  # Python's digits may hold it, the format's may not
        raise ValueError
    return float(text)


def _unescape(found: "re.Match[str]") -> str:
    return _UNESCAPED.get(found[1], found[0])


def _kind(name: str, types: Mapping[str, str]) -> Kind:
    """Return what a sample's family is; parts of a histogram or summary that only grow grow."""
    said = types.get(name)
    if said is not None:
        return _KINDS.get(said, "unknown")
    for suffix in _COUNTED:
        said = types.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if said == "counter" and suffix == "_created":
            return "gauge"
        if said in {"summary", "histogram"}:
            grows: Kind = "histogram" if suffix == "_bucket" else "counter"
            return "gauge" if suffix == "_created" else grows
        if said is not None:
            return _KINDS.get(said, "unknown")
    return "unknown"


def render(samples: Iterable[Sample]) -> bytes:
    """Return samples in text format 0.0.4, each family once, with its type."""
    families: dict[str, list[Sample]] = {}
    for sample in samples:
        families.setdefault(sample.name, []).append(sample)
    lines = []
    for name, family in families.items():
        lines.append(f"# TYPE {name} {_type(family[0].kind)}")
        lines += [f"{name}{_braces(one.labels)} {_text(one.value)}" for one in family]
    return ("\n".join(lines) + "\n").encode()


def _type(kind: Kind) -> str:
    return "untyped" if kind in {"unknown", "histogram"} else kind


def _braces(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.0f}" if value == int(value) and abs(value) < 2**53 else repr(value)
