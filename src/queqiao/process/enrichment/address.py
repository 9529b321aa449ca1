"""Addresses: cut so that they name a neighbourhood and no longer a household."""

from ipaddress import IPv6Address, ip_address
from typing import Literal

Storage = Literal["full", "truncated", "none"]
"""What is kept of an address: all of it, its network (/24 or /48), or nothing."""


def normal(text: str) -> str:
    """Return an address in its usual form (IPv4 written as IPv6 as IPv4), "" for what is none."""
    try:
        found = ip_address(text.strip())
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(found)


def stored(address: str, storage: Storage) -> str:
    """Return what may be stored of an address in its usual form."""
    if not address or storage == "none":
        return ""
    if storage == "full":
        return address
    if ":" not in address:
        return address.rpartition(".")[0] + ".0"
    whole = int(ip_address(address))
    return str(IPv6Address(whole >> 80 << 80))
