"""The consent string of the Transparency and Consent Framework, version 2 (IAB Tech Lab).

Read is the core segment, which comes first: what a user agreed to, for which purposes and vendors.
"""

from msgspec import Struct

from queqiao.decide.ads.openrtb.bits import Bits, NoBitsError

PURPOSES, SPECIAL_FEATURES = 24, 12
_REQUIRE_CONSENT = 1
_NOT_ALLOWED = 0


class Vendors(Struct, frozen=True):
    """A set of vendors as the string has it: a bit for each, or ranges of ids."""

    most: int = 0
    bits: int = 0
    ranges: tuple[tuple[int, int], ...] = ()

    def __contains__(self, vendor: int) -> bool:
        """Say whether a vendor is in the set."""
        if 1 <= vendor <= self.most and self.bits >> (self.most - vendor) & 1:
            return True
        return any(first <= vendor <= last for first, last in self.ranges)


class Restriction(Struct, frozen=True):
    """What a publisher allows some vendors for one purpose: not at all, or by consent only."""

    purpose: int
    kind: int
    vendors: Vendors


class Tcf(Struct, frozen=True):
    """What the core segment says. Ids count from 1; ``created_ds`` is in tenths of a second."""

    version: int
    created_ds: int
    cmp_id: int
    language: str
    vendor_list_version: int
    policy_version: int
    special_features: frozenset[int]
    purposes: frozenset[int]
    purposes_by_interest: frozenset[int]
    publisher_country: str
    vendors: Vendors
    vendors_by_interest: Vendors
    restrictions: tuple[Restriction, ...]

    def allows(self, vendor: int, purpose: int, *, by_interest: bool = False) -> bool:
        """Say whether a vendor may act on a purpose: by consent, or else by its interest."""
        restricted = {
            each.kind
            for each in self.restrictions
            if each.purpose == purpose and vendor in each.vendors
        }
        if _NOT_ALLOWED in restricted:
            return False
        if purpose in self.purposes and vendor in self.vendors:
            return True
        return (
            by_interest
            and purpose in self.purposes_by_interest
            and vendor in self.vendors_by_interest
            and _REQUIRE_CONSENT not in restricted
        )


def read_tcf(text: str) -> Tcf | None:
    """Return what a consent string says, or None when it is no string of version 2."""
    try:
        return _read(Bits(text.partition(".")[0]))
    except NoBitsError:
        return None


def _read(bits: Bits) -> Tcf | None:
    version = bits.number(6)
    if version != 2:
        return None
    created_ds, _ = bits.number(36), bits.number(36)
    cmp_id, _, _ = bits.number(12), bits.number(12), bits.number(6)
    language, list_version, policy = _letters(bits), bits.number(12), bits.number(6)
    bits.number(2)  # whether it is of one service, and its texts are standard
    features = bits.flags(SPECIAL_FEATURES)
    purposes, by_interest = bits.flags(PURPOSES), bits.flags(PURPOSES)
    bits.number(1)  # whether purpose 1 was asked at all
    country = _letters(bits)
    vendors, vendors_by_interest = _vendors(bits), _vendors(bits)
    restrictions = tuple(_restriction(bits) for _ in range(bits.number(12)))
    return Tcf(
        version, created_ds, cmp_id, language, list_version, policy, features, purposes,
        by_interest, country, vendors, vendors_by_interest, restrictions,
    )  # fmt: skip


def _letters(bits: Bits) -> str:
    return chr(ord("A") + bits.number(6)) + chr(ord("A") + bits.number(6))


def _vendors(bits: Bits) -> Vendors:
    most, by_range = bits.number(16), bits.number(1)
    return _ranges(bits) if by_range else Vendors(most, bits.number(most))


def _ranges(bits: Bits) -> Vendors:
    return Vendors(ranges=tuple(_range(bits) for _ in range(bits.number(12))))


def _range(bits: Bits) -> tuple[int, int]:
    is_range, first = bits.number(1), bits.number(16)
    return first, bits.number(16) if is_range else first


def _restriction(bits: Bits) -> Restriction:
    return Restriction(bits.number(6), bits.number(2), _ranges(bits))
