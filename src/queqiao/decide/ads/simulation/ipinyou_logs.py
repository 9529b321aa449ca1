"""Reads a folder of iPinYou bidding logs, as han-cai/rlb-dp prepares them.

``N.validation.txt`` (or ``N.test.txt``; either may end in ``.gz``): the first line is
``dimension T``; a line with one field starts an episode; every other line is an auction: clicked,
market price, predicted click probability. ``N.train-info.txt`` has what the training log cost a
thousand impressions (``CPM``), its click rate (``avg ctr``) and how often each price occurred
(``counter``); where it is missing, ``N.info.json`` is read instead.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from queqiao.decide.ads.bidding.contracts import Floats
from queqiao.kernel.errors import FieldError, InvalidInput, Message

KINDS = ("validation", "test")
PRICE_MAX = 300
AUCTIONS_MAX = 10_000

NOT_THERE = Message(
    "没有 N.validation.txt(.gz) 或 N.test.txt(.gz)；请给出存放 iPinYou 日志的文件夹",
    "there is no N.validation.txt(.gz) or N.test.txt(.gz); name a folder of iPinYou logs",
)
NO_TRAINING = Message(
    "缺少该计划的 train-info.txt 或 info.json；请把它放在日志旁边",
    "its train-info.txt or info.json is missing; put it beside the log",
)
UNREADABLE = Message(
    "不是完整的文本或 gzip 文件；请重新下载或导出",
    "not a whole text or gzip file; fetch or export it again",
)
BAD_TRAINING = Message(
    "训练数据须有 CPM、avg ctr（均大于 0）和非空的价格计数 counter",
    "training figures need CPM and avg ctr above 0 and a counter of prices that is not empty",
)
BAD_HEAD = Message(
    "第一行须为“维数 T”，T 为 1 到 10000 的整数",
    "the first line must be `dimension T`, with T a whole number from 1 to 10000",
)
BAD_LINE = Message(
    "须为“点击(0/1) 市场价(0 或正整数) 预测点击率(0 到 1)”",
    "must be `clicked (0/1), market price (a whole number, 0 or more), predicted rate (0 to 1)`",
)
EMPTY = Message("没有一次竞价；请重新导出", "it has no auction; export it again")


@dataclass(frozen=True)
class Training:
    """What is known from before: cost of a thousand impressions, click rate, counts by price."""

    cost_per_thousand: float
    click_rate: float
    price_counts: Floats

    @property
    def cost_per_click(self) -> float:
        """What a click cost."""
        return self.cost_per_thousand / 1000 / self.click_rate


@dataclass(frozen=True)
class Log:
    """A campaign's auctions in order of time. ``begins`` has each episode's first row, and the end.

    ``name`` is the campaign's; ``episode_auctions`` is how many auctions an episode is planned for.
    """

    name: str
    training: Training
    episode_auctions: int
    begins: NDArray[np.int64]
    clicked: NDArray[np.int64]
    prices: NDArray[np.int64]
    expected: Floats

    @property
    def episodes(self) -> int:
        """How many episodes there are."""
        return len(self.begins) - 1

    def rows(self, episode: int) -> slice:
        """Return the rows of an episode."""
        return slice(int(self.begins[episode]), int(self.begins[episode + 1]))


def read_folder(folder: Path) -> list[Log]:
    """Return the logs of a folder, in order of their names.

    Raises InvalidInput that names the file (and the line) and the cure when one is wrong.
    """
    return [read(file) for file in log_files(folder)]


def log_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are logs. Raises InvalidInput when there is none."""
    names = [f"*.{kind}.txt{end}" for kind in KINDS for end in ("", ".gz")]
    files = sorted({file for name in names for file in folder.glob(name)})
    if not files:
        raise InvalidInput(FieldError(str(folder), NOT_THERE))
    return files


def read(file: Path) -> Log:
    """Return the log of one file. Raises InvalidInput as ``read_folder`` does."""
    name = file.name.split(".")[0]
    training = _training(file.parent, name)
    lines = _text(file).splitlines()
    auctions = _auctions(file, lines[0] if lines else "")
    rows, marks = _rows(file, lines)
    begins = _begins(len(rows), marks, auctions)
    clicked, prices = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    return Log(name, training, auctions, begins, clicked, prices, rows[:, 2].copy())


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
        return (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InvalidInput(FieldError(str(file), UNREADABLE)) from error


def _auctions(file: Path, head: str) -> int:
    fields = head.split()
    if len(fields) != 2 or not fields[1].isdecimal() or not 1 <= int(fields[1]) <= AUCTIONS_MAX:
        raise InvalidInput(FieldError(f"{file}:1", BAD_HEAD))
    return int(fields[1])


def _rows(file: Path, lines: list[str]) -> tuple[Floats, list[int]]:
    """Return the auctions and before which of them an episode starts."""
    rows: list[tuple[float, float, float]] = []
    marks = []
    for number, line in enumerate(lines[1:], 2):
        fields = line.split()
        if len(fields) == 1:
            marks.append(len(rows))
        elif fields:
            try:
                rows.append(_auction(fields))
            except ValueError as error:
                raise InvalidInput(FieldError(f"{file}:{number}", BAD_LINE)) from error
    if not rows:
        raise InvalidInput(FieldError(str(file), EMPTY))
    return np.array(rows), marks


def _auction(fields: list[str]) -> tuple[float, float, float]:
    clicked, price, expected = (float(field) for field in fields)
    if clicked not in {0, 1} or not 0 <= price < 2**31 or price % 1 or not 0 <= expected <= 1:
        raise ValueError
    return clicked, price, expected


def _begins(count: int, marks: list[int], auctions: int) -> NDArray[np.int64]:
    """Return where episodes begin: at marks, and where one would grow beyond its auctions."""
    begins: list[int] = []
    edges = sorted({0, *marks, count})
    for low, high in pairwise(edges):
        begins.extend(range(low, high, auctions))
    return np.array([*begins, count])


def _training(folder: Path, name: str) -> Training:
    told, info = folder / f"{name}.train-info.txt", folder / f"{name}.info.json"
    file = told if told.is_file() else info
    if not file.is_file():
        raise InvalidInput(FieldError(str(told), NO_TRAINING))
    try:
        cpm, rate, counts = _told(_text(file)) if file == told else _info(_text(file))
        prices = np.array(counts, dtype=np.float64)[: PRICE_MAX + 1]
        sound = all(np.isfinite(x) and x > 0 for x in (cpm, rate, prices.sum()))
        if not sound or prices.ndim != 1 or prices.min() < 0:
            raise ValueError
    except (KeyError, ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise InvalidInput(FieldError(str(file), BAD_TRAINING)) from error
    return Training(cpm, rate, prices)


def _told(text: str) -> tuple[float, float, list[float]]:
    figures = dict(_pairs(text))
    counts = [float(count) for count in figures["counter"].split("_")]
    return float(figures["CPM"]), float(figures["avg ctr"]), counts


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, colon, figure = line.partition(":")
        if colon:
            yield name.strip(), figure.strip()


def _info(text: str) -> tuple[float, float, list[float]]:
    figures: dict[str, Any] = json.loads(text)
    seen = float(figures["imp_train"])
    counts = [float(count) for count in figures["price_counter_train"]]
    return figures["cost_train"] / seen * 1000, figures["clk_train"] / seen, counts
