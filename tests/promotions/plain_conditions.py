"""The meaning of conditions read off the document, field by field: the oracle of compiled matching.

Three answers: True, False, and None for what is not known. Nothing is shared with the engine.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def conjunction(values):
    values = list(values)
    return False if False in values else None if None in values else True


def disjunction(values):
    values = list(values)
    return True if True in values else None if None in values else False


def negation(value):
    return None if value is None else not value


class Reader:
    """Reads conditions against one question. ``lines`` are (sku, facts, price, quantity)."""

    def __init__(self, question, lines, scope, now_us):
        self.question, self.lines, self.scope = question, lines, scope
        self.now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_us)

    def holds(self, condition):
        """Return whether a condition holds on original prices."""
        return conjunction(self.parts(condition))

    def parts(self, c):
        yield from self.cart(c)
        yield from self.names(c)
        yield from self.attributes(c)
        yield from self.history(c)
        yield from self.times(c)
        yield from (self.holds(inner) for inner in c.all)
        if c.any:
            yield disjunction(self.holds(inner) for inner in c.any)
        if c.not_ is not None:
            yield negation(self.holds(c.not_))

    def cart(self, c):
        goods = self.scope if c.goods is None else c.goods
        lines = [line for line in self.lines if in_scope(goods, *line[:3])]
        subtotal = sum(line[2] * line[3] for line in lines)
        quantity = sum(line[3] for line in lines)
        yield from between(subtotal, c.subtotal_at_least, c.subtotal_at_most)
        yield from between(quantity, c.quantity_at_least, c.quantity_at_most)
        yield from between(len({line[0] for line in lines}), c.kinds_at_least, None)

    def names(self, c):
        customer, cart = self.question.customer, self.question.cart
        known = {
            "segments": customer.segments or (),
            "tags": customer.tags or (),
            "channels": [self.question.channel],
            "countries": [cart.shipping.country],
            "shipping_methods": [cart.shipping.method],
            "payment_methods": [cart.payment_method],
            "code_batches": self.question.codes,
        }
        for name, there in known.items():
            wanted, barred = getattr(c, f"{name}_any"), getattr(c, f"{name}_none", ())
            if wanted:
                yield any(one in there for one in wanted)
            if barred:
                yield not any(one in there for one in barred)

    def attributes(self, c):
        for test in c.attributes:
            value = self.question.customer.attributes
            for part in test.name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            values = value if isinstance(value, list) else [value]
            if test.exists is not None:
                yield (value is not None) == test.exists
            for wanted, is_in in ((test.any_of, True), (test.none_of, False)):
                if wanted:
                    found = any(same(one, other) for one in wanted for other in values)
                    yield None if value is None else found == is_in
            for bound, sign in ((test.at_least, 1), (test.at_most, -1)):
                if bound is not None:
                    number = isinstance(value, int | float) and not isinstance(value, bool)
                    yield value * sign >= bound * sign if number else None

    def history(self, c):
        told = self.question.customer.history
        orders = told.orders
        if c.first_purchase is not None:
            yield None if orders is None else (orders == 0) == c.first_purchase
        yield from between(orders, c.orders_at_least, c.orders_at_most)
        if c.order_number_any:
            yield None if orders is None else orders + 1 in c.order_number_any
        if c.order_number_every:
            yield None if orders is None else (orders + 1) % c.order_number_every == 0
        if c.spent is not None:
            spent = self.spent(c.spent.within_days)
            yield from between(spent, c.spent.at_least, c.spent.at_most)
        if c.bought is not None:
            least = c.bought.quantity_at_least or None
            yield from between(self.bought(c.bought), least, c.bought.quantity_at_most)

    def spent(self, days):
        told = self.question.customer.history
        if told.orders == 0:
            return 0
        if days is None:
            return told.spent_minor
        if told.bought is None:
            return None
        paid = [one.paid_minor for one in told.bought if self.is_recent(one, days)]
        return None if None in paid else sum(paid)

    def bought(self, wanted):
        told = self.question.customer.history
        if told.orders == 0:
            return 0
        if told.bought is None:
            return None
        catalog = {item.sku: item for item in self.question.catalog}
        quantity = 0
        for one in told.bought:
            item = catalog.get(one.sku, one)
            price = getattr(item, "price", 0)
            if one.paid_minor is not None:
                price = one.paid_minor // one.quantity
            if in_scope(wanted.goods, one.sku, item, price) and (
                wanted.within_days is None or self.is_recent(one, wanted.within_days)
            ):
                quantity += one.quantity
        return quantity

    def is_recent(self, one, days):
        if one.at is None:
            return False
        at = datetime.fromisoformat(one.at)
        return self.now - days * DAY < at <= self.now

    def times(self, c):
        local = self.now.astimezone(ZoneInfo(c.timezone or "Asia/Shanghai"))
        before, after = c.birthday_before_days, c.birthday_after_days
        if before is not None or after is not None:
            yield self.is_near_birthday(local.date(), before or 0, after or 0)
        if c.windows:
            yield any(is_within(window, local) for window in c.windows)

    def is_near_birthday(self, today, before, after):
        born = self.question.customer.birthday
        if born is None:
            return None
        days = (today + DAY * step for step in range(-after, before + 1))
        return any(is_birthday(born[-5:], day) for day in days)


def is_birthday(month_day, day):
    if month_day == "02-29" and not is_leap(day.year):
        month_day = "02-28"
    return day.strftime("%m-%d") == month_day


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def is_within(window, local):
    for started in (local.date(), local.date() - DAY):
        if window.weekdays and started.isoweekday() not in window.weekdays:
            continue
        if window.from_date and started < date.fromisoformat(window.from_date):
            continue
        if window.until_date and started > date.fromisoformat(window.until_date):
            continue
        minute = local.hour * 60 + local.minute + (1440 if started < local.date() else 0)
        start, end = clock(window.from_time), clock(window.until_time)
        if start <= minute < (end if end > start else end + 1440):
            return True
    return False


def clock(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def between(value, at_least, at_most):
    if at_least is not None:
        yield None if value is None else value >= at_least
    if at_most is not None:
        yield None if value is None else value <= at_most


def in_scope(scope, sku, facts, price):
    if scope.excluded is not None and is_named(scope.excluded, sku, facts):
        return False
    if (
        not (scope.price_at_least or 0)
        <= price
        <= (10**18 if scope.price_at_most is None else scope.price_at_most)
    ):
        return False
    lists = (scope.skus, scope.categories, scope.brands, scope.shops, scope.tags)
    return not any(lists) or is_named(scope, sku, facts)


def is_named(names, sku, facts):
    return (
        sku in names.skus
        or facts.brand in names.brands
        or facts.shop in names.shops
        or any(one in names.categories for one in facts.categories)
        or any(one in names.tags for one in facts.tags)
    )


def same(one, other):
    return (type(one) is type(other) and one == other) or (
        {type(one), type(other)} == {int, float} and one == other
    )
