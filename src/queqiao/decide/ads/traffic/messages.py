"""What goes over the wire of the classification API."""

from typing import Annotated

from msgspec import Meta, Struct

from queqiao.decide.ads.traffic.contracts import Reason

ITEMS_MAX = 5_000
NETWORKS_MAX = 10_000
"""Of all owners of a call together."""

Text = Annotated[str, Meta(max_length=4_000)]
Key = Annotated[str, Meta(max_length=200)]
Moment = Annotated[str, Meta(max_length=40, examples=["2026-06-18T12:00:00+08:00"])]
Address = Annotated[str, Meta(max_length=64, examples=["203.0.113.7"])]
Several = Annotated[list[Key], Meta(max_length=1_000)]


class Behaviour(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a click. Times are RFC 3339; what is left out is not judged.

    ``notice`` is an id of the notice: the second of one id is a duplicate. ``prefetch``: a browser
    fetched it before anybody asked.
    """

    served_at: Moment | None = None
    viewed_at: Moment | None = None
    clicked_at: Moment | None = None
    person: Key | None = None
    notice: Key | None = None
    advertiser: Key | None = None
    prefetch: bool = False


class Traffic(Struct, frozen=True, forbid_unknown_fields=True):
    """One call to judge: by user agent, address and behaviour, each where it is given."""

    id: Key | None = None
    user_agent: Text | None = None
    address: Address | None = None
    behaviour: Behaviour = Behaviour()


class OwnPeople(Struct, frozen=True, forbid_unknown_fields=True):
    """Who belongs to an advertiser: ids of its operators, and its networks."""

    advertiser: Key
    people: Several = []
    networks: Several = []


class ClassifyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Calls to judge together: floods and duplicates are found among them."""

    items: Annotated[list[Traffic], Meta(min_length=1, max_length=ITEMS_MAX)]
    own: Annotated[list[OwnPeople], Meta(max_length=1_000)] = []


class Classified(Struct, frozen=True):
    """Valid, or invalid with the reason. ``detail`` says what decided."""

    id: str | None
    valid: bool
    reason: Reason | None
    detail: str


class ClassifyResponse(Struct, frozen=True):
    """The verdicts in the order of the items, and how many there are of each reason.

    ``addresses`` names what addresses were judged by: ``ranges``, ``database``; empty: nothing is
    configured, and no address was judged.
    """

    items: list[Classified]
    valid: int
    invalid: int
    reasons: dict[str, int]
    addresses: list[str]
