"""The Global Privacy Platform string (IAB Tech Lab): a header, then a section for each law.

Read are the sections of the EU (2, ``tcf.py``), of the US privacy string (6) and of the US national
text (7). Which of them are in force, the request says (``gpp_sid``).
"""

from msgspec import Struct

from queqiao.decide.ads.openrtb.bits import Bits, NoBitsError

EU, US_PRIVACY, US_NATIONAL = 2, 6, 7
_HEADER, _VERSION = 3, 1
_OPTED_OUT = 1
_GPC_SEGMENT = 1
SECTION_ID_MAX = 1_000


class UsNational(Struct, frozen=True):
    """The choices of the US national section; ``gpc`` is the browser's Global Privacy Control."""

    version: int
    sale_opt_out: bool
    sharing_opt_out: bool
    targeted_advertising_opt_out: bool
    gpc: bool

    @property
    def opted_out(self) -> bool:
        """Whether the user wants none of sale, sharing and targeted advertising."""
        return (
            self.sale_opt_out
            or self.sharing_opt_out
            or self.targeted_advertising_opt_out
            or self.gpc
        )


def sections_of(text: str) -> dict[int, str] | None:
    """Return the sections of a string by their id, or None when it is no such string."""
    header, *sections = text.split("~")
    try:
        ids = _section_ids(Bits(header))
    except NoBitsError:
        return None
    if ids is None or len(ids) != len(sections):
        return None
    return dict(zip(ids, sections, strict=True))


def _section_ids(bits: Bits) -> list[int] | None:
    if bits.number(6) != _HEADER or bits.number(6) != _VERSION:
        return None
    ids: list[int] = []
    last = 0
    for _ in range(bits.number(12)):
        is_range = bits.number(1)
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if is_range else first
        if last > SECTION_ID_MAX:
            return None
        ids += range(first, last + 1)
    return ids


def read_us_national(text: str) -> UsNational | None:
    """Return the choices of a section, or None when it is none."""
    core, *others = text.split(".")
    try:
        bits = Bits(core)
        version = bits.number(6)
        bits.number(12)  # which notices were given
        sale, sharing, targeted = (bits.number(2) == _OPTED_OUT for _ in range(3))
        gpc = any(_is_gpc(Bits(each)) for each in others)
    except NoBitsError:
        return None
    return UsNational(version, sale, sharing, targeted, gpc)


def _is_gpc(bits: Bits) -> bool:
    return bits.number(2) == _GPC_SEGMENT and bits.number(1) == 1


def us_privacy_opted_out(text: str) -> bool | None:
    """Say whether a US privacy string (``1YNN``) opts out of sale; None when it is no such string.

    CCPA Compliance Mechanism, version 1: version, notice given, opted out, agreement of the IAB.
    """
    if len(text) != 4 or text[0] != "1" or any(letter not in "YyNn-" for letter in text[1:]):
        return None
    return text[2] in "Yy"
