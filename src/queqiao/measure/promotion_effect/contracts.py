"""The answers about the effect of promotions, as they stand on the wire.

Amounts are integers in minor units of the ``currency`` of the answer, which are never mixed; times
are RFC 3339; shares are of 1. What cannot be known is null, and a ``Note`` beside it says why.
"""

from typing import Literal

from msgspec import Struct, field

Status = Literal["measured", "not_enough", "no_holdback", "no_exposures"]
Verdict = Literal["higher", "lower", "unclear", "not_enough"]
Step = Literal["hour", "day"]
Sort = Literal[
    "discount_net", "orders", "uses", "discount", "gmv", "net", "margin", "customers",
    "new_customers", "rate", "budget_share", "name",
]  # fmt: skip
Metric = Literal["conversion", "orders", "revenue", "margin"]


class Note(Struct, frozen=True):
    """Why something is not known, or what a finding means: a stable code, and both languages."""

    code: str
    zh: str
    en: str


class Interval(Struct, frozen=True):
    """An estimate with its 95 % interval. ``low`` or ``high`` null: the interval is open there."""

    value: float
    low: float | None
    high: float | None


class Named(Struct, frozen=True):
    """Which promotion. All but ``id`` are null where its document is not there any more."""

    id: str
    name: str | None = None
    state: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    needs_code: bool | None = None


class Funding(Struct, frozen=True):
    """Who pays what was given and not given back; the three sum to ``discount_net``."""

    platform: int
    shop: int
    brand: int


class Customers(Struct, frozen=True):
    """Who used it: ``new`` had bought nothing before, ``unknown`` are orders of nobody named."""

    all: int
    new: int
    returning: int
    unknown: int


class Shown(Struct, frozen=True):
    """How many of those who came under it used it.

    ``customers`` were told of it in a quote within the period, ``used`` of them had an order with
    it after that. Null with a note where quotes tell nobody of it.
    """

    customers: int | None
    used: int | None
    rate: float | None
    note: Note | None = None


class Margin(Struct, frozen=True):
    """What is left of the goods after discounts, refunds and cost.

    ``amount`` and ``cost`` are null with a note where a cost is not known. ``of_known`` is over the
    goods whose cost is known: ``known_share`` of what was paid for goods, and ``cost_of_known``
    what those cost, by the catalogue of now.
    """

    amount: int | None
    cost: int | None
    of_known: int
    cost_of_known: int
    known_share: float | None
    note: Note | None = None


class Figures(Struct, frozen=True):
    """What became of the orders that were paid with it within the period, up to ``as_of``.

    - ``orders``; ``orders_returned`` of them gave back all uses of it; ``orders_without_sale``: of
      them no Order Completed has come, so goods, margin and customers do not hold them.
    - ``discount`` was given, ``discount_returned`` came back, ``discount_net`` is the rest: what
      the ledger counts.
    - ``listed`` is what the goods of the orders cost without any discount, ``gmv`` what was paid
      for them (the metric of that name), ``credited`` what refunds and cancellations took off
      (below 0), ``net`` the sum of both. An order with two promotions is in both in full.
    - ``credit_memos`` and ``credit_memo_total`` are what our refunds have issued on them.
    """

    orders: int
    orders_returned: int
    orders_without_sale: int
    uses: int
    discount: int
    discount_returned: int
    discount_net: int
    listed: int
    gmv: int
    credited: int
    net: int
    units: int
    credit_memos: int
    credit_memo_total: int
    margin: Margin
    customers: Customers
    funding: Funding


class Budget(Struct, frozen=True):
    """The ledger's counters of all time, as of the question; null where it cannot be reached.

    ``total`` null: no bound. ``left`` = total - spent - reserved; ``share`` = spent / total.
    """

    total: int | None
    spent: int
    reserved: int
    left: int | None
    share: float | None
    uses: int
    uses_reserved: int
    uses_total: int | None


class Point(Struct, frozen=True):
    """One bucket: a day ``YYYY-MM-DD`` of the time zone, or the start of an hour in UTC."""

    at: str
    orders: int
    discount: int
    gmv: int


class Arm(Struct, frozen=True):
    """One side of the holdback: everybody told before its end, and their orders after that in it.

    Amounts are sums over the side, after refunds: ``revenue`` what was paid for goods, ``margin``
    over those of known cost (null: none is known).
    """

    arm: Literal["treated", "holdback"]
    customers: int
    buyers: int
    orders: int
    revenue: int
    margin: int | None


class Ratio(Struct, frozen=True):
    """Whether as many are held back as should be (sample ratio mismatch).

    ``p_value`` is the chance of a share this far off; below 0.001 ``agrees`` is false, and no
    difference between the sides is to be believed before it is explained.
    """

    expected: float | None
    found: float | None
    p_value: float | None
    agrees: bool | None
    note: Note | None = None


class Comparison(Struct, frozen=True):
    """One number of both sides by customer: their difference and its size against the holdback.

    ``more_customers``: so many more must come under it (both sides together) until a change by
    ``detect_share`` of the holdback's number would be found in four of five cases; 0: enough.
    """

    metric: Metric
    unit: Literal["ratio", "count", "minor"]
    treated: float | None
    holdback: float | None
    difference: Interval | None
    relative: Interval | None
    verdict: Verdict
    more_customers: int | None
    method: Literal["newcombe", "welch"]


class Incremental(Struct, frozen=True):
    """What would not be there without it: differences by customer times the treated customers.

    ``discount`` is what it gave them, ``cost_per_order`` that by incremental order: null with a
    note where the interval of orders holds 0.
    """

    orders: Interval | None
    revenue: Interval | None
    margin: Interval | None
    discount: int
    cost_per_order: float | None
    note: Note | None = None


class Cannibalised(Struct, frozen=True):
    """Sales at full price that it took the place of.

    Goods in its scope that were paid without any discount, by customer, in both sides; what the
    treated bought less of them, times the treated, is ``displaced``. ``promoted`` is what the
    treated paid for goods in scope in orders with it; ``share`` = displaced / promoted.
    """

    status: Status
    note: Note
    skus_in_scope: int | None
    treated: float | None
    holdback: float | None
    displaced: Interval | None
    promoted: int
    share: Interval | None


class Lift(Struct, frozen=True):
    """The effect against the holdback, by intention to treat. ``crossed``: people in both sides.

    ``status`` other than ``measured``: ``note`` says what is missing and what cannot be known
    without it.
    """

    status: Status
    note: Note
    holdback_share: float | None
    detect_share: float
    arms: list[Arm]
    crossed: int
    ratio: Ratio
    comparisons: list[Comparison]
    incremental: Incremental | None
    cannibalised: Cannibalised


class Effect(Struct, frozen=True):
    """The effect of one promotion. ``other_currencies``: it was used in these too; ask for them."""

    promotion: Named
    from_: str | None = field(name="from")
    to: str | None
    timezone: str
    currency: str
    other_currencies: list[str]
    figures: Figures
    shown: Shown
    budget: Budget | None
    granularity: Step
    series: list[Point]
    lift: Lift
    watermark: str | None
    watermark_offset: int
    as_of: int
    asked_at: str


class EffectRow(Struct, frozen=True):
    """One promotion in a table of many; ``treated`` and ``holdback`` count customers told."""

    promotion: Named
    figures: Figures
    shown: Shown
    budget: Budget | None
    treated: int
    holdback: int


class Effects(Struct, frozen=True):
    """Promotions that were used or shown in the period. ``count`` is of all, before ``limit``."""

    rows: list[EffectRow]
    count: int
    from_: str | None = field(name="from")
    to: str | None
    timezone: str
    currency: str
    other_currencies: list[str]
    watermark: str | None
    watermark_offset: int
    as_of: int
    asked_at: str


class Side(Struct, frozen=True):
    """One promotion by one count, net of what was given back. Amounts are in minor units."""

    orders: int
    uses: int
    discount: int
    codes: int


class OrderDifference(Struct, frozen=True):
    """One order whose entries differ. ``note`` says why where that is known."""

    order_id: str
    redemption_id: str
    uses: int
    uses_in_ledger: int | None
    discount: int
    discount_in_ledger: int | None
    note: Note


class Reconciliation(Struct, frozen=True):
    """The figures against the ledger, to the last minor unit, over all time.

    ``told`` is the warehouse up to ``as_of``, ``on_the_way`` what the log holds beyond it,
    ``ledger`` the counters: ``agrees`` where told + on_the_way = ledger in uses and discount.
    ``codes`` are uses of the coupon batch that unlocks it, null without one. ``differences`` names
    the orders, ``notes`` what explains the rest.
    """

    promotion_id: str
    agrees: bool
    currencies: list[str]
    told: Side
    on_the_way: Side
    ledger_uses: int
    ledger_discount: int
    reserved_uses: int
    reserved_discount: int
    ledger_codes: int | None
    difference_uses: int
    difference_discount: int
    difference_codes: int | None
    differences: list[OrderDifference]
    notes: list[Note]
    watermark: str | None
    as_of: int
    asked_at: str
