"""The verbs of engagements: begin, join, cut, pay a deposit; and telling of what has ended."""

from collections.abc import Callable
from hashlib import blake2b

import msgspec
from msgspec import Struct

from queqiao.decide.promotions.documents.mechanic import GroupBuy, Mechanic, Presale
from queqiao.decide.promotions.engagements import book
from queqiao.decide.promotions.engagements.bargained import goods_of
from queqiao.decide.promotions.engagements.stages import Engagement
from queqiao.decide.promotions.known_customer import BuyerOf, nobody_known
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.quoting import Shop
from queqiao.kernel.clock import MINUTE_US, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound, Refused
from queqiao.kernel.vocabulary import EngagementEvent
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.own import own_event
from queqiao.ports.records.base import Records

AT_ONCE_MAX = 200
TELL_EVERY_S = 5.0
_NO = Message("现在不能参加", "it cannot be begun or joined now")
_OTHER_PRICE = Message(
    "与目录价不同：砍价从目录价开始，请刷新或删去此项",
    "not the catalogue's price, from which a bargain starts: refresh it, or leave it out",
)


class Wanted(Struct, frozen=True):
    """Who wants to begin an engagement of which promotion.

    ``sku``: the goods of a bargain; ``price_minor``: what the shopper saw that they cost;
    ``is_new``: the customer never bought.
    """

    promotion_id: str
    customer_id: str
    request_id: str
    sku: str | None
    price_minor: int | None
    is_new: bool | None


class Engagements:
    """Each verb is safe to retry.

    ``random_bits`` gives the seed of a bargain; ``buyer_of`` tells what a customer has bought.
    """

    def __init__(
        self,
        shop: Callable[[], Shop],
        records: Records,
        event_log: EventLog,
        random_bits: Callable[[int], int],
        buyer_of: BuyerOf = nobody_known,
    ) -> None:
        self._shop = shop
        self._records = records
        self._log = event_log
        self._random_bits = random_bits
        self._buyer_of = buyer_of

    async def begin(self, wanted: Wanted, now_us: int) -> Engagement:
        """Open a group, start a bargain, or note a paid deposit.

        Raises NotFound for a promotion that is not live or has no mechanic, InvalidInput, and
        Refused with its reason.
        """
        offer = self._offer(wanted.promotion_id, now_us)
        known = await self._records.read(lambda conn: book.find(conn, (_id(wanted),)))
        found = known[0] if known else await self._begun(offer, wanted, now_us)
        await self._log.append([_event("Engagement Started", found, found.customer_id, now_us)])
        return await self._told(found, now_us)

    async def _begun(self, offer: Offer, wanted: Wanted, now_us: int) -> Engagement:
        await self._check_new(offer.mechanic, wanted.customer_id, wanted.is_new, now_us)
        rules, price_minor = self._priced(offer, wanted, now_us)
        made = Engagement(
            _id(wanted),
            offer.id,
            wanted.customer_id,
            rules,
            price_minor,
            f"{self._random_bits(128):032x}",
            now_us,
            min(_expires_us(rules, now_us), offer.ends_us),
            (),
        )
        joins_max = rules.joins_per_customer if isinstance(rules, GroupBuy) else None
        return await self._records.write(lambda conn: book.begin(conn, made, joins_max))

    async def step(
        self, engagement_id: str, customer_id: str, is_new: bool | None, now_us: int
    ) -> Engagement:
        """Join a group, or cut a price. Raises NotFound and Refused with its reason."""
        known = await self.get(engagement_id)
        if not any(step.customer_id == customer_id for step in known.steps):
            self._offer(known.promotion_id, now_us)
            await self._check_new(known.rules, customer_id, is_new, now_us)
        found = await self._records.write(
            lambda conn: book.step(conn, engagement_id, customer_id, now_us)
        )
        name = "Engagement Joined" if isinstance(found.rules, GroupBuy) else "Engagement Cut"
        await self._log.append([_event(name, found, customer_id, now_us)])
        return await self._told(found, now_us)

    async def get(self, engagement_id: str) -> Engagement:
        """Return an engagement. Raises NotFound."""
        return await self._records.read(lambda conn: book.get(conn, engagement_id))

    async def named(self, ids: tuple[str, ...]) -> dict[str, Engagement]:
        """Return those that a cart names, by promotion; of several the last named."""
        found = await self._records.read(lambda conn: book.find(conn, ids))
        by_id = {one.id: one for one in found}
        return {by_id[name].promotion_id: by_id[name] for name in ids if name in by_id}

    async def _told(self, found: Engagement, now_us: int) -> Engagement:
        stage = found.stage(now_us)
        if stage in {"full", "reached"}:
            name = "Engagement Completed"
            await self._log.append([_event(name, found, found.customer_id, now_us)])
        return found

    async def _check_new(
        self, rules: Mechanic, customer_id: str, said: bool | None, now_us: int
    ) -> None:
        """Raise Refused where a group is for new customers and this is none by what is known."""
        if not isinstance(rules, GroupBuy) or not rules.new_customers_only:
            return
        buyer = await self._buyer_of((customer_id,), now_us)
        if said is False or (buyer is not None and buyer.orders):
            raise Refused(_NO, reason="not_first_purchase")
        if said is None:
            raise Refused(_NO, reason="customer_unknown")

    def _priced(self, offer: Offer, wanted: Wanted, now_us: int) -> tuple[Mechanic, int]:
        """Return the rules of an engagement, and what it costs at its beginning.

        All prices are the document's or the catalogue's. Raises InvalidInput and Refused.
        """
        rules: Mechanic = offer.mechanic
        if isinstance(rules, Presale):
            if now_us >= parse_rfc3339(rules.deposit_until):
                raise Refused(_NO, reason="deposit_ended")
            return rules, rules.deposit
        if isinstance(rules, GroupBuy):
            return rules, 0
        goods = goods_of(offer, wanted.sku, self._shop().price_book)
        if goods.price_minor <= rules.floor:
            raise Refused(_NO, reason="nothing_to_cut")
        if wanted.price_minor not in {None, goods.price_minor}:
            raise InvalidInput(FieldError("price", _OTHER_PRICE))
        return msgspec.structs.replace(rules, sku=goods.sku), goods.price_minor

    def _offer(self, promotion_id: str, now_us: int) -> Offer:
        offer = self._shop().promotions.find(promotion_id)
        if offer is None or offer.mechanic is None:
            raise NotFound
        if not offer.starts_us <= now_us < offer.ends_us:
            raise Refused(_NO, reason="not_started" if now_us < offer.starts_us else "ended")
        return offer


async def tell_ended(records: Records, event_log: EventLog, now_us: int) -> int:
    """Tell of each engagement that has ended since: what failed, and whose deposit is forfeited."""
    ended = await records.read(lambda conn: book.over(conn, now_us, AT_ONCE_MAX))
    if not ended:
        return 0
    failed = [one for one in ended if one.stage(now_us) in {"expired", "forfeited"}]
    names = {"expired": "Engagement Expired", "forfeited": "Deposit Forfeited"}
    events = [_event(names[one.stage(now_us)], one, one.customer_id, now_us) for one in failed]
    if events:
        await event_log.append(events)
    ids = tuple(one.id for one in ended)
    await records.write(lambda conn: book.told(conn, ids, now_us))
    return len(ended)


def _id(wanted: Wanted) -> str:
    name = f"{wanted.promotion_id}\x1f{wanted.customer_id}\x1f{wanted.request_id}".encode()
    return blake2b(name, digest_size=16, person=b"engagement").hexdigest()


def _expires_us(rules: Mechanic, now_us: int) -> int:
    if isinstance(rules, Presale):
        return parse_rfc3339(rules.balance_until)
    return now_us + rules.lasts_minutes * MINUTE_US


def _event(name: str, found: Engagement, customer_id: str, now_us: int) -> NewEvent:
    who = "" if name in {"Engagement Completed", "Engagement Expired"} else f"-{customer_id}"
    digest = blake2b(f"{name}{who}".encode(), digest_size=8).hexdigest()
    told = EngagementEvent(
        engagement_id=found.id,
        promotion_id=found.promotion_id,
        customers=len(found.steps),
        price_minor=found.price_minor,
        expires_at=format_rfc3339(found.expires_at_us),
    )
    message_id = f"engagement-{found.id}-{digest}"
    return own_event(message_id, name, told, now_us, user_id=customer_id or None)
