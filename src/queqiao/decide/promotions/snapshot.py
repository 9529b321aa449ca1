"""Everything live about promotions at one moment: immutable, swapped whole.

A change makes another snapshot that shares what did not change: promotions keep their places, so
only their own bits flip, and no other document is compiled again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import NamedTuple

from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.coupons.code_book import Batch, CodeBook, compile_batch
from queqiao.decide.promotions.coupons.ranges import NO_RANGES, Ranges
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.matching.index import Entry, Index
from queqiao.decide.promotions.offers import DIGEST_BYTES, Offer, compile_offer, digest
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.money import DEFAULT_CURRENCY

Batches = Iterable[tuple[str, CouponBatchDocument]]
Promotions = Iterable[tuple[str, PromotionDocument]]
Voids = Mapping[str, Ranges]
"""The void numbers of coupon batches."""

NO_VOIDS: Voids = MappingProxyType({})
"""No code of any batch is void."""


class Codes(NamedTuple):
    """The coupon batches, and the digest of their documents."""

    book: CodeBook
    digest: int = 0


class PromotionsSnapshot:
    """Promotions compiled, and the coupon batches.

    ``by_place`` holds each offer at its bit; None where one has gone. ``inline`` says that the
    promotions came with a question: then every one that does not apply says why, and the id of a
    coupon batch stands for any code of it. ``ranks`` say for each place where its offer stands in
    the default order; None: as the places. ``coded`` are the bits of those that name a batch.
    ``zone`` is the time zone of conditions that name none, ``currency`` that of budgets.
    """

    def __init__(
        self,
        offers: Iterable[Offer],
        codes: Codes,
        *,
        inline: bool = False,
        zone: str = DEFAULT_ZONE,
        currency: str = DEFAULT_CURRENCY,
    ) -> None:
        known = sorted(offers, key=_order)
        self.by_place: tuple[Offer | None, ...] = tuple(known)
        self.index = Index(map(_entry, enumerate(known)))
        self.codes = codes
        self.inline = inline
        self.zone = zone
        self.currency = currency
        self._sum = sum(offer.digest for offer in known)
        self._places: Mapping[str, int] = {offer.id: n for n, offer in enumerate(known)}
        self._around = _around(enumerate(known))
        self._engaging = _engaging(enumerate(known))
        self.coded = _coded(enumerate(known))
        self.ranks: list[int] | None = None
        self._unlocked = _unlocked({}, (), enumerate(known))

    @property
    def code_book(self) -> CodeBook:
        """What reads codes."""
        return self.codes.book

    @property
    def only_on_goods(self) -> bool:
        """Whether every promotion takes money off goods, and none is paid with points."""
        return not self._around

    @property
    def has_mechanics(self) -> bool:
        """Whether any promotion is a group's, a bargain or a presale."""
        return self._engaging != 0

    @property
    def offers(self) -> list[Offer]:
        """The offers in the default order of use."""
        return sorted((offer for offer in self.by_place if offer is not None), key=_order)

    @property
    def rules_version(self) -> str:
        """The version of the rules: equal documents, live together, have equal versions."""
        size = 8 * DIGEST_BYTES
        return f"{(self._sum + self.codes.digest) % (1 << size):0{size // 4}x}"

    def find(self, promotion_id: str) -> Offer | None:
        """Return a promotion by its id, None when it is not live."""
        place = self._places.get(promotion_id)
        return None if place is None else self.by_place[place]

    def unlocked_by(self, batch_id: str) -> list[Offer]:
        """Return the promotions that a code of the batch unlocks, in the default order."""
        found = (self.by_place[place] for place in self._unlocked.get(batch_id, ()))
        return sorted((offer for offer in found if offer is not None), key=_order)

    def without_codes(self, codes: Collection[str]) -> "PromotionsSnapshot":
        """Return the same promotions with a code book that does not know some codes."""
        after = copy(self)
        after.codes = Codes(self.codes.book.without(frozenset(codes)), self.codes.digest)
        return after

    def changed(
        self, offers: Mapping[str, Offer | None], codes: Codes | None = None
    ) -> "PromotionsSnapshot":
        """Return the snapshot with these offers in place of their ids'; None: it is not live."""
        by_place, places = list(self.by_place), dict(self._places)
        gone: list[tuple[int, Offer]] = []
        for offer_id in offers.keys() & places.keys():
            place = places.pop(offer_id)
            before, by_place[place] = by_place[place], None
            gone += [] if before is None else [(place, before)]
        come = list(_seated(by_place, filter(None, offers.values())))
        after = PromotionsSnapshot((), codes or self.codes, zone=self.zone, currency=self.currency)
        after.by_place = tuple(by_place)
        after._places = {**places, **{offer.id: place for place, offer in come}}
        after.index = self.index.changed([*map(_entry, gone)], [*map(_entry, come)])
        after._sum = self._sum + sum(o.digest for _, o in come) - sum(o.digest for _, o in gone)
        after.ranks = _ranks(by_place)
        after.coded = self.coded ^ _coded(gone) | _coded(come)
        after._around = self._around ^ _around(gone) | _around(come)
        after._engaging = self._engaging ^ _engaging(gone) | _engaging(come)
        after._unlocked = _unlocked(self._unlocked, gone, come)
        return after


def compile_snapshot(
    promotions: Promotions,
    batches: Batches,
    secret: bytes,
    voids: Voids = NO_VOIDS,
    *,
    zone: str = DEFAULT_ZONE,
    currency: str = DEFAULT_CURRENCY,
) -> PromotionsSnapshot:
    """Compile live documents, each with its id. ``secret`` makes and reads coupon codes."""
    offers = [compile_offer(name, document, zone, currency) for name, document in promotions]
    codes = compile_codes(batches, secret, voids)
    return PromotionsSnapshot(offers, codes, zone=zone, currency=currency)


def compile_codes(
    batches: Batches, secret: bytes, voids: Voids = NO_VOIDS, resting: Batches = ()
) -> Codes:
    """Compile the live coupon batches, and those that rest: paused or archived."""
    ordered = sorted(batches, key=lambda item: item[0])

    def compiled(some: Batches) -> list[Batch]:
        return [compile_batch(name, one, secret, voids.get(name, NO_RANGES)) for name, one in some]

    return Codes(
        CodeBook(compiled(ordered), secret, compiled(resting)),
        sum(digest(name, document) for name, document in ordered),
    )


def _order(offer: Offer) -> tuple[int, int, str]:
    return offer.order


def _entry(placed: tuple[int, Offer]) -> Entry:
    place, offer = placed
    return Entry(place, offer.scope, offer.plan, offer.currency, offer.starts_us, offer.ends_us)


def _seated(by_place: list[Offer | None], offers: Iterable[Offer]) -> Iterable[tuple[int, Offer]]:
    """Put offers into free places, then at the end; yield each with its place."""
    free = iter([place for place, offer in enumerate(by_place) if offer is None])
    for offer in offers:
        place = next(free, None)
        if place is None:
            place = len(by_place)
            by_place.append(offer)
        by_place[place] = offer
        yield place, offer


def _around(placed: Iterable[tuple[int, Offer]]) -> int:
    """Return the bits of those that give something around the goods, or read points."""
    return sum(
        1 << place
        for place, offer in placed
        if offer.reward is not None or isinstance(offer.benefit, PointsPayment)
    )


def _engaging(placed: Iterable[tuple[int, Offer]]) -> int:
    """Return the bits of those with a mechanic."""
    return sum(1 << place for place, offer in placed if offer.mechanic is not None)


def _coded(placed: Iterable[tuple[int, Offer]]) -> int:
    """Return the bits of those that name a coupon batch."""
    return sum(1 << place for place, offer in placed if offer.batches)


def _ranks(by_place: Sequence[Offer | None]) -> list[int]:
    """Return for each place where its offer stands in the default order."""
    taken = [(offer.order, place) for place, offer in enumerate(by_place) if offer is not None]
    ranks = [0] * len(by_place)
    for rank, (_, place) in enumerate(sorted(taken)):
        ranks[place] = rank
    return ranks


def _unlocked(
    before: Mapping[str, tuple[int, ...]],
    gone: Iterable[tuple[int, Offer]],
    come: Iterable[tuple[int, Offer]],
) -> dict[str, tuple[int, ...]]:
    """Return by coupon batch the places of the promotions that name it."""
    after = dict(before)
    for place, offer in gone:
        for batch in offer.batches:
            after[batch] = tuple(other for other in after[batch] if other != place)
    for place, offer in come:
        for batch in offer.batches:
            after[batch] = (*after.get(batch, ()), place)
    return {batch: places for batch, places in after.items() if places}
