"""Everything live about promotions at one moment: immutable, swapped whole."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType

from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.coupons.code_book import CodeBook, compile_batch
from queqiao.decide.promotions.coupons.ranges import NO_RANGES, Ranges
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.profile import LAYERS, Layer
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.matching import Index
from queqiao.decide.promotions.offers import Offer, compile_offer
from queqiao.kernel import json

_LAYERS: dict[Layer, int] = {layer: place for place, layer in enumerate(LAYERS)}
NO_VOIDS: Mapping[str, Ranges] = MappingProxyType({})
"""No code of any batch is void."""


class PromotionsSnapshot:
    """Promotions compiled, and the coupon batches. Offers stand in the default order of use.

    ``inline`` says that the promotions came with a question: then every one that does not apply
    says why, and the id of a coupon batch stands for any code of it.
    """

    def __init__(
        self, offers: Sequence[Offer], code_book: CodeBook, version: str, *, inline: bool = False
    ) -> None:
        self.offers = tuple(sorted(offers, key=_default_order))
        self.index = Index(self.offers)
        self.code_book = code_book
        self.rules_version = version
        self.inline = inline
        self.only_on_goods = all(
            offer.reward is None and not isinstance(offer.benefit, PointsPayment)
            for offer in self.offers
        )
        self._unlocked: dict[str, list[int]] = {}
        for place, offer in enumerate(self.offers):
            if offer.code_batch is not None:
                self._unlocked.setdefault(offer.code_batch, []).append(place)

    def unlocked_by(self, batch_id: str) -> Sequence[int]:
        """Return the places of the promotions that a code of the batch unlocks."""
        return self._unlocked.get(batch_id, ())


def _default_order(offer: Offer) -> tuple[int, int, str]:
    return _LAYERS[offer.layer], -offer.priority, offer.id


def compile_snapshot(
    promotions: Iterable[tuple[str, PromotionDocument]],
    batches: Iterable[tuple[str, CouponBatchDocument]],
    secret: bytes,
    voids: Mapping[str, Ranges] = NO_VOIDS,
) -> PromotionsSnapshot:
    """Compile live documents, each with its id. ``secret`` makes and reads coupon codes.

    ``voids`` are the void numbers of batches.

    ``rules_version`` is a digest of the documents, so that equal rules have equal versions.
    """
    promotions, batches = sorted(promotions, key=_id), sorted(batches, key=_id)
    compiled = [
        compile_batch(name, document, secret, voids.get(name, NO_RANGES))
        for name, document in batches
    ]
    code_book = CodeBook(compiled, secret)
    return PromotionsSnapshot(
        [compile_offer(name, document) for name, document in promotions],
        code_book,
        digest([promotions, batches]),
    )


def digest(rules: object) -> str:
    """Return the version of rules: a digest of their JSON."""
    return blake2b(json.encode(rules), digest_size=12).hexdigest()


def _id(item: tuple[str, object]) -> str:
    return item[0]
