"""Reads a folder of AuctionNet market episodes: one ``.npz`` file is one day of a market."""

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from queqiao.decide.ads.bidding.contracts import Floats, History, Outcome, Values
from queqiao.decide.ads.bidding.market import Market, learned
from queqiao.kernel.errors import FieldError, InvalidInput, Message

SHAPES = {
    "pv_num": ("t",),
    "lwc": ("n",),
    "p": ("n", "k"),
    "sigma_ratio": ("n", "k"),
    "budget": ("k",),
    "cpa": ("k",),
}
"""The arrays that a file must have: t ticks, n impressions, k advertisers."""

NOT_THERE = Message(
    "没有 .npz 文件；请给出存放 AuctionNet 市场日文件的文件夹",
    "there is no .npz file; name a folder of AuctionNet market days",
)
UNREADABLE = Message(
    "不是完整的 .npz 文件；请重新下载或导出",
    "not a whole .npz file; fetch or export it again",
)
UNUSUAL = Message(
    "要从中学习的各天须有同样多的时段，且每个时段都有展示；请去掉这一天",
    "days to learn from must have equally many ticks, all with impressions; leave this one out",
)


@dataclass(frozen=True)
class Episode:
    """One day of a market. Rows of impressions are in order of time, tick after tick.

    ``begins`` has the first row of each tick, and the number of rows at its end. ``market`` is
    the least winning cost of each impression; ``expected`` and ``deviation`` are rows by
    advertisers; ``budgets`` and ``targets`` are by advertiser.
    """

    name: str
    begins: np.ndarray[Any, np.dtype[np.int64]]
    market: Floats
    expected: Floats
    deviation: Floats
    budgets: Floats
    targets: Floats

    @property
    def ticks(self) -> int:
        """How many ticks the day has."""
        return len(self.begins) - 1

    @property
    def advertisers(self) -> int:
        """How many advertisers see the day."""
        return len(self.budgets)

    def rows(self, tick: int) -> slice:
        """Return the rows of a tick."""
        return slice(int(self.begins[tick]), int(self.begins[tick + 1]))

    def values(self, tick: int, advertiser: int) -> Values:
        """Return what an advertiser sees of a tick before it bids."""
        rows = self.rows(tick)
        return Values(self.expected[rows, advertiser], self.deviation[rows, advertiser])

    def observed(self, advertiser: int) -> History:
        """Return the day as an advertiser saw it who did not bid: what is learned from."""
        seen = (self._unsold(tick, advertiser) for tick in range(self.ticks))
        return History(tuple(seen))

    def _unsold(self, tick: int, advertiser: int) -> Outcome:
        values = self.values(tick, advertiser)
        none = np.zeros(len(values))
        return Outcome(values, none, none > 0, none, none, self.market[self.rows(tick)])


def usual(episodes: Iterable[Episode]) -> Market:
    """Return what the days of a market have in common, as all advertisers saw them.

    Raises InvalidInput when days differ in their ticks, or one had a tick without impressions.
    """
    known = list(episodes)
    for episode in known:
        if episode.ticks != known[0].ticks or np.any(np.diff(episode.begins) == 0):
            raise InvalidInput(FieldError(f"{episode.name}: pv_num", UNUSUAL))
    return learned([one.observed(seen) for one in known for seen in range(one.advertisers)])


def read_folder(folder: Path) -> list[Episode]:
    """Return the episodes of a folder, in order of their names.

    Raises InvalidInput that names the file and the cure when one is not as it should be.
    """
    files = sorted(folder.glob("*.npz")) if folder.is_dir() else []
    if not files:
        raise InvalidInput(FieldError(str(folder), NOT_THERE))
    return [read(file) for file in files]


def read(file: Path) -> Episode:
    """Return the episode of one file. Raises InvalidInput that names the file and the cure."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in SHAPES if name in arrays.files}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput(FieldError(str(file), UNREADABLE)) from error
    faults = [*_faults(found)] or [*_senseless(found)]
    if faults:
        raise InvalidInput(*(FieldError(f"{file}: {name}", told) for name, told in faults))
    expected = np.ascontiguousarray(found["p"], dtype=np.float64)
    return Episode(
        file.stem,
        np.concatenate(([0], np.cumsum(found["pv_num"], dtype=np.int64))),
        found["lwc"].astype(np.float64),
        expected,
        expected * found["sigma_ratio"].astype(np.float64),
        found["budget"].astype(np.float64),
        found["cpa"].astype(np.float64),
    )


def _faults(found: Mapping[str, Any]) -> list[tuple[str, Message]]:
    """Return what is wrong with the names, the types and the shapes."""
    sizes: dict[str, int] = {}
    faults = []
    for name, axes in SHAPES.items():
        if name not in found:
            faults.append((name, _missing(name, axes)))
            continue
        array = found[name]
        numeric = np.issubdtype(array.dtype, np.number) and not np.iscomplexobj(array)
        fits = array.ndim == len(axes) and all(
            sizes.setdefault(axis, size) == size > 0
            for axis, size in zip(axes, array.shape, strict=True)
        )
        if not numeric or not fits:
            faults.append((name, _shaped(axes)))
    return faults


def _senseless(found: Mapping[str, Any]) -> list[tuple[str, Message]]:
    """Return what is wrong with the numbers."""
    faults = [
        (name, _NEGATIVE)
        for name, array in found.items()
        if not np.all(np.isfinite(array)) or np.any(array < 0)
    ]
    counts = found["pv_num"]
    if not np.issubdtype(counts.dtype, np.integer) or counts.sum() != len(found["lwc"]):
        faults.append(("pv_num", _UNCOUNTED))
    faults += [(name, _ZERO) for name in ("budget", "cpa") if np.any(found[name] == 0)]
    if np.any(found["lwc"] == 0):
        faults.append(("lwc", _ZERO))
    if not np.any(found["p"]):
        faults.append(("p", _WORTHLESS))
    return faults


def _missing(name: str, axes: tuple[str, ...]) -> Message:
    shape = " × ".join(axes)
    return Message(
        f"缺少数组 {name}（形状 {shape}）；请补上",
        f"the array {name} ({shape}) is missing; add it",
    )


def _shaped(axes: tuple[str, ...]) -> Message:
    shape = " × ".join(axes)
    return Message(
        f"应为形状 {shape} 的数值数组，与其他数组一致（t 个时段，n 次展示，k 个广告主）；请更正",
        f"must be numbers of the shape {shape} that fits the others "
        "(t ticks, n impressions, k advertisers); correct it",
    )


_NEGATIVE = Message(
    "含有负数、NaN 或无穷大；请去掉", "has negative numbers, NaN or infinity; take them out"
)
_UNCOUNTED = Message(
    "各时段展示数必须是整数，总和等于 lwc 的长度；请更正",
    "must be whole numbers that sum to the length of lwc; correct it",
)
_WORTHLESS = Message("全部为 0；请检查导出", "is zero throughout; look at its export")
_ZERO = Message("必须大于 0；请更正", "must be above 0; correct it")
