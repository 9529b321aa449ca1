"""The figures of ``docs/operating/sizing.md``: tables and a chart, computed from the packaged file.

``python -m bench.sizing_page`` writes them between the marks of both pages, and the two charts; a
test compares. New coefficients come from ``make bench ONLY=scaling``: copy what it wrote to
``bench/out/sizing.json`` over ``src/queqiao/wiring/sizing.json``, then run this.
"""

from collections.abc import Iterable
from math import log10
from pathlib import Path

from queqiao.wiring import sizing
from queqiao.wiring.sizing import Demand, Machine, On

DOCS = Path(__file__).parents[1] / "docs"
MIX = Demand(100, 5, 10)
"""For every hundred events five quotes and ten ads, a second."""
CORES = (2, 4, 8, 16, 32)
NODES = (1, 2, 3, 6, 10, 20, 50, 100)
MACHINE = Machine()
QUIET = 5.0
"""A load above which CPU seconds are said to be too high."""
SERIES: tuple[tuple[On, str], ...] = (("embedded", "#0958d9"), ("servers", "#bc4c00"))
WORDS = {
    "en": {
        "cost": "CPU s per million", "event": "event, 100 a batch", "quote": "quote", "ad": "ad",
        "embedded": "embedded", "servers": "on Kafka, Redis, PostgreSQL",
        "cores": "cores of the machine", "events": "events/s", "first": "ends first",
        "machines": "machines", "price": "cost of a million events",
        "of": "Measured on {}, on two cores with a load of {} (processes that wanted them).",
        "busy": "**That machine was busy**, and its rows are of different moments: read them as too"
        " high by two to four times, and do not compare the embedded log with Kafka by them.",
        "title": "Cost of a million events by machines", "below": "not possible",
    },
    "zh": {
        "cost": "每百万次 CPU 秒", "event": "事件（每批 100 条）", "quote": "报价", "ad": "广告",
        "embedded": "内嵌", "servers": "Kafka、Redis、PostgreSQL",
        "cores": "机器核数", "events": "事件/秒", "first": "最先到顶",
        "machines": "机器数", "price": "每百万事件成本",
        "of": "{} 在两核机器上实测，当时负载 {}（争用这两个核的进程数）。",
        "busy": "**那台机器很忙**，各行也不是同一时刻测的：数字偏高两到四倍，不要据此比较内嵌日志与"
        " Kafka。",
        "title": "机器数与每百万事件成本", "below": "不可行",
    },
}  # fmt: skip


def tables(language: str) -> str:
    """Return the page's three tables, and of when and of how busy a machine they are."""
    words, cost = WORDS[language], sizing.packaged()
    note = words["of"].format(cost.measured, cost.load)
    if cost.load > QUIET:
        note += " " + words["busy"]
    parts = ("\n".join(one(words)) for one in (_costs, _systems, _nodes))
    return "\n\n".join([note, *parts])


def _costs(words: dict[str, str]) -> Iterable[str]:
    cost = sizing.packaged()
    yield f"| {words['cost']} | {words['event']} | {words['quote']} | {words['ad']} |"
    yield "|---|---|---|---|"
    for on in ("embedded", "servers"):
        kinds = [
            sizing.cores(Demand(*calls), cost, on) for calls in ((1, 0, 0), (0, 1, 0), (0, 0, 1))
        ]
        for role in kinds[0]:
            cells = " | ".join(f"{kind[role] * 1e6:,.1f}" for kind in kinds)
            yield f"| `{role}`, {words[on]} | {cells} |"


def _systems(words: dict[str, str]) -> Iterable[str]:
    cost = sizing.packaged()
    both = " | ".join(f"{words['events']}, {words[on]} | {words['first']}" for on, _ in SERIES)
    yield f"| {words['cores']} | {both} |"
    yield "|---|---|---|---|---|"
    for cores in CORES:
        cells = []
        for on, _ in SERIES:
            need = sizing.cores(MIX, cost, on)
            share, first = sizing.share_of(need, Machine(cores))
            cells += [f"{share * MIX.events:,.0f}", f"`{first}`"]
        yield f"| {cores} | {' | '.join(cells)} |"


def _nodes(words: dict[str, str]) -> Iterable[str]:
    both = " | ".join(f"{words['events']}, {words[on]} | {words['price']}" for on, _ in SERIES)
    yield f"| {words['machines']} | {both} |"
    yield "|---|---|---|---|---|"
    for nodes in NODES:
        cells = []
        for on, _ in SERIES:
            rate, price = at(nodes, on)
            cells += [f"{rate:,.0f}", f"{price:.4f}"] if rate else ["–", words["below"]]
        yield f"| {nodes} | {' | '.join(cells)} |"


def at(nodes: int, on: On) -> tuple[float, float]:
    """Return events a second and the cost of a million of them."""
    rate = sizing.carried(MIX, nodes, MACHINE, sizing.packaged(), on) * MIX.events
    return rate, sizing.cost_per_million(rate, nodes, MACHINE)


def chart(language: str) -> str:
    """Return the chart as SVG: cost of a million events over machines, 1 to 100, logarithmic."""
    words = WORDS[language]
    points = {on: [(n, at(n, on)[1]) for n in range(1, 101) if at(n, on)[0]] for on, _ in SERIES}
    top = max(price for line in points.values() for _, price in line) * 1.1
    fonts = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
    label = f' aria-label="{words["title"]}" font-family="{fonts}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 380" role="img"{label}>',
        '<rect width="800" height="380" rx="8" fill="#fff"/>',
        '<path d="M80 40V320H770" fill="none" stroke="#8c959f"/>',
        *(_text(_x(n), 340, f"{n}", "middle") for n in (1, 2, 5, 10, 20, 50, 100)),
        _text(425, 365, words["machines"], "middle"),
        *(_text(72, _y(top * k / 4, top) + 4, f"{top * k / 4:.4f}", "end") for k in range(5)),
        _text(80, 26, words["price"], "start"),
    ]
    for row, (on, colour) in enumerate(SERIES):
        path = " ".join(f"{_x(n):.1f},{_y(price, top):.1f}" for n, price in points[on])
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines.append(f'<path d="M500 {60 + row * 22}H530" stroke="{colour}" stroke-width="2"/>')
        lines.append(_text(538, 64 + row * 22, words[on], "start"))
    return "\n".join([*lines, "</svg>", ""])


def _x(nodes: float) -> float:
    return 80 + log10(nodes) / 2 * 690


def _y(price: float, top: float) -> float:
    return 320 - price / top * 270


def _text(x: float, y: float, words: str, anchor: str) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {where} font-size="12" fill="#57606a">{words}</text>'


def files() -> dict[Path, str]:
    """Return what the pages and charts are to hold, by file."""
    found = {}
    for language, ending in (("en", ""), ("zh", ".zh")):
        page = DOCS / "operating" / f"sizing{ending}.md"
        head, _, rest = page.read_text("utf-8").partition("<!-- computed -->\n")
        _, _, tail = rest.partition("<!-- end -->\n")
        found[page] = f"{head}<!-- computed -->\n{tables(language)}\n<!-- end -->\n{tail}"
        found[DOCS / "images" / f"sizing{ending}.svg"] = chart(language)
    return found


if __name__ == "__main__":
    for file, content in files().items():
        file.write_text(content, "utf-8")
