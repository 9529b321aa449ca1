"""The verbs of engagements: begin, join, cut, pay a deposit; and telling of what has ended."""

from collections.abc import Callable
from hashlib import blake2b

import msgspec
from msgspec import Struct

from queqiao.decide.promotions.documents.mechanic import Bargain, GroupBuy, Mechanic, Presale
from queqiao.decide.promotions.engagements import book
from queqiao.decide.promotions.engagements.stages import Engagement
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.quoting import Shop
from queqiao.kernel.clock import MINUTE_US, format_rfc3339, parse_rfc3339
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound, Refused
from queqiao.kernel.vocabulary import EngagementEvent
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.records.base import Records

SOURCE = "queqiao"
AT_ONCE_MAX = 200
TELL_EVERY_S = 5.0
_NO = Message("现在不能参加", "it cannot be begun or joined now")


class Wanted(Struct, frozen=True):
    """Who wants to begin an engagement of which promotion.

    ``price_minor``: what the unit of a bargain costs; ``is_new``: the customer never bought.
    """

    promotion_id: str
    customer_id: str
    request_id: str
    price_minor: int | None
    is_new: bool | None


class Engagements:
    """Each verb is safe to retry. ``random_bits`` gives the seed of a bargain."""

    def __init__(
        self,
        shop: Callable[[], Shop],
        records: Records,
        event_log: EventLog,
        random_bits: Callable[[int], int],
    ) -> None:
        self._shop = shop
        self._records = records
        self._log = event_log
        self._random_bits = random_bits

    async def begin(self, wanted: Wanted, now_us: int) -> Engagement:
        """Open a group, start a bargain, or note a paid deposit.

        Raises NotFound for a promotion that is not live or has no mechanic, InvalidInput, and
        Refused with its reason.
        """
        offer = self._offer(wanted.promotion_id, now_us)
        rules: Mechanic = offer.mechanic
        _check_new(rules, wanted.is_new)
        made = Engagement(
            _id(wanted),
            offer.id,
            wanted.customer_id,
            rules,
            _price(rules, wanted, now_us),
            f"{self._random_bits(128):032x}",
            now_us,
            min(_expires_us(rules, now_us), offer.ends_us),
            (),
        )
        joins_max = rules.joins_per_customer if isinstance(rules, GroupBuy) else None
        found = await self._records.write(lambda conn: book.begin(conn, made, joins_max))
        await self._log.append([_event("Engagement Started", found, found.customer_id, now_us)])
        return await self._told(found, now_us)

    async def step(
        self, engagement_id: str, customer_id: str, is_new: bool | None, now_us: int
    ) -> Engagement:
        """Join a group, or cut a price. Raises NotFound and Refused with its reason."""
        known = await self.get(engagement_id)
        if not any(step.customer_id == customer_id for step in known.steps):
            self._offer(known.promotion_id, now_us)
            _check_new(known.rules, is_new)
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


def _check_new(rules: Mechanic, is_new: bool | None) -> None:
    if isinstance(rules, GroupBuy) and rules.new_customers_only and not is_new:
        raise Refused(_NO, reason="customer_unknown" if is_new is None else "not_first_purchase")


def _price(rules: Mechanic, wanted: Wanted, now_us: int) -> int:
    if isinstance(rules, Presale):
        if now_us >= parse_rfc3339(rules.deposit_until):
            raise Refused(_NO, reason="deposit_ended")
        return rules.deposit
    if not isinstance(rules, Bargain):
        return 0
    if wanted.price_minor is None or wanted.price_minor <= rules.floor:
        message = Message("请填写高于底价的原价", "give the price of the unit, above the floor")
        raise InvalidInput(FieldError("price", message))
    return wanted.price_minor


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
    envelope = Envelope(
        message_id=message_id,
        type="track",
        timestamp_us=now_us,
        received_at_us=now_us,
        source=SOURCE,
        event=name,
        user_id=customer_id or None,
        properties=msgspec.Raw(msgspec.json.encode(told)),
    )
    fingerprint = blake2b(message_id.encode(), digest_size=8).digest()
    return NewEvent(SOURCE, message_id, encode_envelope(envelope), fingerprint)
