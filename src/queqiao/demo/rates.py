"""Rates of the living store, each with its source and the arithmetic.

Funnel (Retailrocket: 2,664,312 views, 69,332 adds to cart, 22,457 transactions; RecSys 2025
challenge: 156.0 M visits, 5.67 M adds, 1.94 M removes, 1.78 M buys):

- a view becomes an add: 69,332 / 2,664,312 = .02602;
- an added item is bought: 22,457 / 69,332 = .3239 (RecSys agrees: 1.78 / 5.67 = .314);
- an added item is removed: 1.94 / 5.67 = .3422;
- so a cart that still holds something is checked out with .3239 / (1 - .3422) = .4924.

Views of a visit: 685,984 clicks in 126,168 visits of Retailrocket = 5.437 (visits of two clicks and
more, as published for session models); drawn geometrically with that mean.

What promotions take off brings orders: the mean of 1,851 price elasticities of 81 studies is -2.62
(Bijmolt, van Heerde and Pieters 2005), so a cart whose price is a share d lower is checked out
(1 - d) ^ -2.62 times as often; the published rate is that of a cart with this store's usual d.

Returns: Online Retail, credit notes / gross = 896,812.49 / 10,644,560.42 = .0843 of the value.

Hours and weekdays: invoices of Online Retail (22,064 that are not credit notes), counted by the
hour and by the weekday; the shop took no orders on Saturdays and hardly any at night. A web store
never closes, so a share ``NEVER_CLOSED`` of the visits comes evenly over the week.

Not published where we looked, so chosen and said to be chosen: the share of visits that meet an ad
or recommendations, and how many of those click. Open Bandit's logs click .4–.7 % of what is shown;
a store of this size would then see one click a day, so it clicks more readily here.

Chosen as well: the shares of orders that are placed and not paid for (now; in history an order is
paid in the step that places it, so the funnel above holds there), that are cancelled before they
are sent, and of checkouts at which a shopper pays with her points.
"""

from datetime import UTC, datetime
from math import ceil, log
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

ADDED_OF_VIEWED: Final = 69_332 / 2_664_312
REMOVED_OF_ADDED: Final = 1.94 / 5.67
BOUGHT_OF_ADDED: Final = 22_457 / 69_332
CHECKED_OUT_OF_CARTS: Final = BOUGHT_OF_ADDED / (1 - REMOVED_OF_ADDED)
ELASTICITY: Final = -2.62
USUAL_DISCOUNT: Final = 0.065
"""The store's discounts / list prices, in the history of a month."""

VIEWS_OF_A_VISIT: Final = 685_984 / 126_168
RETURNED_OF_ORDERS: Final = 896_812.49 / 10_644_560.42

AD_OF_VISITS: Final = 0.25
AD_CLICKED: Final = 0.04
AD_CRAWLED: Final = 0.01
"""Of ads that are seen and not clicked: a crawler follows the link."""
RECOMMENDED_OF_VISITS: Final = 0.1
RECOMMENDATION_CLICKED: Final = 0.15
CODE_OF_CHECKOUTS: Final = 0.25
WRONG_OF_CODES: Final = 0.2
POINTS_OF_CHECKOUTS: Final = 0.3
GIVEN_UP_OF_ORDERS: Final = 0.06
CANCELLED_OF_ORDERS: Final = 0.03
LOGGED_IN_OF_VISITS: Final = 0.35
NEVER_CLOSED: Final = 0.2

HOUR_INVOICES: Final = (
    0, 0, 0, 0, 0, 0, 1, 29, 570, 1590, 2564, 2642,
    3463, 2939, 2737, 2668, 1552, 901, 244, 146, 18, 0, 0, 0,
)  # fmt: skip
"""Invoices of Online Retail by local hour, 0 to 23."""

WEEKDAY_INVOICES: Final = (3420, 3973, 4142, 4689, 3633, 0, 2207)
"""Invoices of Online Retail from Monday to Sunday (47 to 53 of each day; no Saturday)."""

_INVOICES: Final = sum(HOUR_INVOICES)


def hour_share(us: int, zone: ZoneInfo) -> float:
    """Return the hour's share of a mean week's visits, times 168: 1 is a mean hour."""
    moment = datetime.fromtimestamp(us / 1e6, UTC).astimezone(zone)
    hour = HOUR_INVOICES[moment.hour] / _INVOICES * 24
    weekday = WEEKDAY_INVOICES[moment.weekday()] / _INVOICES * 7
    return NEVER_CLOSED + (1 - NEVER_CLOSED) * hour * weekday


def views_of_a_visit(chance: Random) -> int:
    """Draw how many products a visit views: geometric, at least one, with the published mean."""
    stop = 1 / VIEWS_OF_A_VISIT
    return max(1, ceil(log(1 - chance.random()) / log(1 - stop)))


def checked_out_of_carts(discount: float) -> float:
    """Return how many carts are checked out whose promotions take off that share (0 to 1)."""
    cheaper = (1 - min(discount, 0.99)) / (1 - USUAL_DISCOUNT)
    return min(1.0, CHECKED_OUT_OF_CARTS * float(cheaper**ELASTICITY))


def count(expected: float, chance: Random) -> int:
    """Draw a whole number whose mean is ``expected``."""
    return int(expected) + (chance.random() < expected % 1)
