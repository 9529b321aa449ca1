"""Who calls: judged by the user agent and by the address."""

from collections.abc import Sequence
from ipaddress import ip_network

from queqiao.decide.ads.traffic.contracts import VALID, Verdict
from queqiao.decide.ads.traffic.data_centres import DataCentres
from queqiao.decide.ads.traffic.networks import Named, Networks
from queqiao.process.contracts import declared

_OF_SERVERS = frozenset(("missing", "http_library", "app_library", "not_a_browser"))
"""What a shop's own server says, which tells of clicks in its apps."""


class Callers:
    """Judges callers. ``own_agents`` are how the user agents of one's own apps begin.

    From ``own_networks`` servers of one's own tell what shoppers did: the libraries that they speak
    with are no reason, nor is their data centre; what names itself a robot is one there too.
    """

    def __init__(
        self,
        data_centres: DataCentres,
        own_networks: Sequence[str] = (),
        own_agents: Sequence[str] = (),
    ) -> None:
        self.data_centres = data_centres
        self._own = named_networks(own_networks)
        self._own_agents = tuple(own_agents)

    def is_own(self, address: str) -> bool:
        """Say whether an address is a server of one's own."""
        return bool(self._own.name_of(address))

    def judge(self, user_agent: str | None, address: str | None) -> Verdict:
        """Judge a caller; what is None is not judged."""
        is_own = address is not None and self.is_own(address)
        verdict = VALID if user_agent is None else self._agent(user_agent, is_own)
        if not verdict.valid or address is None or is_own:
            return verdict
        name = self.data_centres.name_of(address)
        return Verdict("data_centre", name) if name else VALID

    def _agent(self, user_agent: str, is_own: bool) -> Verdict:
        if self._own_agents and user_agent.startswith(self._own_agents):
            return VALID
        found = declared(user_agent)
        if found is None or (is_own and found.why in _OF_SERVERS):
            return VALID
        return Verdict("declared_bot", f"{found.why}: {found.token}".rstrip(": "))


def named_networks(texts: Sequence[str]) -> Networks:
    """Return networks under their own text. Raises ValueError for what is none."""
    return Networks(Named(ip_network(text, strict=False), text) for text in texts)
