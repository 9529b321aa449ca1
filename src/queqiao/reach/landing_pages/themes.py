"""The colours of pages: few, and each pair that meets is readable (WCAG AA, held by a test).

A theme is an accent on neutral paper, for light and for dark. The stylesheet reads them as
variables by ``data-theme`` on the page.
"""

from typing import NamedTuple

from queqiao.kernel.errors import Message
from queqiao.reach.landing_pages.document import ThemeName


class Palette(NamedTuple):
    """Colours of one theme in one light.

    ``text``, ``muted`` and ``accent_text`` stand on ``paper`` and ``card``; ``on_accent`` on
    ``accent``, ``on_hero`` on ``hero``, and ``hero`` on ``on_hero``.
    """

    paper: str
    card: str
    text: str
    muted: str
    rule: str
    accent: str
    on_accent: str
    accent_text: str
    hero: str
    on_hero: str


class Theme(NamedTuple):
    """A theme: its name, and its colours by day and by night."""

    title: Message
    light: Palette
    dark: Palette


_DAY = ("#ffffff", "#1f1f1f", "#595959", "#e4e4e4")
_NIGHT = ("#121212", "#1e1e1e", "#f0f0f0", "#b3b3b3", "#3a3a3a")


def _theme(zh: str, en: str, tint: str, accent: str, night: str) -> Theme:
    """A hero is as deep by night as by day: a bright field would blind."""
    light = Palette(tint, *_DAY, accent, "#ffffff", accent, accent, "#ffffff")
    dark = Palette(*_NIGHT, night, "#141414", night, accent, "#ffffff")
    return Theme(Message(zh, en), light, dark)


THEMES: dict[ThemeName, Theme] = {
    "red": _theme("大促红", "Red", "#fff3f1", "#c3151f", "#ff8a80"),
    "orange": _theme("暖橙", "Orange", "#fff5ec", "#ad3f00", "#ffab70"),
    "gold": _theme("金色", "Gold", "#fdf7e7", "#7d5600", "#eec25c"),
    "green": _theme("青绿", "Green", "#eff8f2", "#0b6b3f", "#74d39c"),
    "blue": _theme("海蓝", "Blue", "#eff5ff", "#0958d9", "#8ab8ff"),
    "purple": _theme("紫色", "Purple", "#f7f2ff", "#6429b8", "#c3a1ff"),
    "ink": _theme("墨色", "Ink", "#f5f5f5", "#262626", "#e6e6e6"),
}


def stylesheet() -> str:
    """Return the variables of every theme; ``data-light`` overrules what a browser prefers."""
    light = [_rule(f"[data-theme={name}]", theme.light) for name, theme in THEMES.items()]
    night = [
        _rule(f"[data-theme={name}]:not([data-light])", theme.dark)
        for name, theme in THEMES.items()
    ]
    told = [
        _rule(f"[data-theme={name}][data-light=dark]", theme.dark) for name, theme in THEMES.items()
    ]
    return "".join([*light, "@media (prefers-color-scheme: dark){", *night, "}", *told])


def _rule(selector: str, palette: Palette) -> str:
    named = zip(Palette._fields, palette, strict=True)
    variables = ";".join(f"--{field.replace('_', '-')}:{colour}" for field, colour in named)
    return f"{selector}{{{variables}}}"
