"""The servers of all bidders: each kept for as long as its document stays as it is."""

from collections.abc import Callable
from ssl import SSLContext

from queqiao.decide.ads.openrtb.exchange.calls.addresses import Resolve, resolve
from queqiao.decide.ads.openrtb.exchange.calls.peer import Peer, usual_tls
from queqiao.decide.ads.openrtb.exchange.hot_state import LiveBidder, Market


class Callers:
    """Finds the peer of a bidder; a changed document gets a new one, with nothing remembered."""

    def __init__(
        self, resolve: Resolve = resolve, tls: Callable[[], SSLContext] = usual_tls
    ) -> None:
        self._resolve = resolve
        self._tls = tls
        self._peers: dict[str, tuple[int, Peer]] = {}

    def of(self, bidder: LiveBidder) -> Peer:
        """Return the peer of a bidder."""
        known = self._peers.get(bidder.name)
        if known is not None and known[0] == bidder.revision:
            return known[1]
        if known is not None:
            known[1].close()
        peer = Peer(bidder.document, self._resolve, self._tls)
        self._peers[bidder.name] = (bidder.revision, peer)
        return peer

    def forget_others(self, market: Market) -> None:
        """Hang up on who is no bidder any more."""
        for name in set(self._peers) - set(market.bidders):
            self._peers.pop(name)[1].close()

    def close(self) -> None:
        """Hang up on everybody."""
        for _, peer in self._peers.values():
            peer.close()
        self._peers.clear()
