"""Whose address is it? The peer's, or what proxies that are trusted by setting say of it."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network


class ClientAddresses:
    """``trusted`` are the addresses and networks of one's own proxies, from the settings."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusted = [ip_network(one, strict=False) for one in trusted]

    @property
    def trusts_none(self) -> bool:
        """Whether the peer's address always counts."""
        return not self._trusted

    def address(self, peer: str, forwarded: str) -> str:
        """Return the client's address, of the peer's and its ``X-Forwarded-For`` line.

        Proxies append who called them: the last one that is not a trusted proxy is the client.
        """
        if not self._trusted or not forwarded or not self._is_trusted(peer):
            return peer
        for said in reversed(forwarded.split(",")):
            if not self._is_trusted(said.strip()):
                return said.strip() if _is_address(said.strip()) else peer
        return peer

    def _is_trusted(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_network(text: str) -> bool:
    """Say whether the text is an address or a network."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
