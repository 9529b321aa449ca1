"""Whose address a request comes from."""

import pytest

from queqiao.wiring.client_address import ClientAddresses

OWN = ["10.0.0.0/8", "::1", "192.168.1.7"]


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ([], "10.0.0.1", "203.0.113.7", "10.0.0.1"),
        (OWN, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (OWN, "10.0.0.1", "203.0.113.7", "203.0.113.7"),
        (OWN, "10.0.0.1", "1.2.3.4, 203.0.113.7, 192.168.1.7", "203.0.113.7"),
        (OWN, "::1", "2001:db8::5", "2001:db8::5"),
        (OWN, "10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.1"),
        (OWN, "10.0.0.1", "<script>", "10.0.0.1"),
        (OWN, "10.0.0.1", "", "10.0.0.1"),
        (OWN, "", "203.0.113.7", ""),
    ],
)
def test_only_trusted_proxies_are_believed(
    trusted: list[str], peer: str, forwarded: str, client: str
) -> None:
    assert ClientAddresses(trusted).address(peer, forwarded) == client
