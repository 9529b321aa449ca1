"""Self-clicks: the advertiser's own people, at their own desks, on the advertiser's own ads."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from queqiao.decide.ads.traffic.contracts import VALID, Verdict
from queqiao.decide.ads.traffic.networks import Named, Networks
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_NETWORK = Message(
    "应为 IP 地址或网段，如 203.0.113.0/24", "give an address or a network, such as 203.0.113.0/24"
)


class Own(NamedTuple):
    """Who belongs to one advertiser."""

    people: frozenset[str]
    networks: Networks

    @staticmethod
    def of(people: Iterable[str], networks: Sequence[str], path: str = "networks") -> "Own":
        """Return it from words. Raises InvalidInput with every text that is no network."""
        named, wrong = [], []
        for number, text in enumerate(networks):
            try:
                named.append(Named(ip_network(text, strict=False), text))
            except ValueError:
                wrong.append(FieldError(f"{path}[{number}]", _NETWORK))
        if wrong:
            raise InvalidInput(*wrong)
        return Own(frozenset(people), Networks(named))

    @staticmethod
    def is_address(text: str) -> bool:
        """Say whether a text is an address."""
        try:
            ip_address(text)
        except ValueError:
            return False
        return True


class Owners:
    """Who belongs to each advertiser."""

    def __init__(self, by_advertiser: Mapping[str, Own]) -> None:
        self._by_advertiser = by_advertiser

    def judge(self, advertiser: str, people: Iterable[str | None], address: str) -> Verdict:
        """Judge a click on an ad of an advertiser by a person known by these ids, from there."""
        own = self._by_advertiser.get(advertiser)
        if own is None:
            return VALID
        if any(person in own.people for person in people if person):
            return Verdict("self_click", "person")
        return Verdict("self_click", "network") if own.networks.name_of(address) else VALID


NOBODY = Owners({})
