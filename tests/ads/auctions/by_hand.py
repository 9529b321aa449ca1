"""The auction as a person would reckon it: fractions, and prices found by trying.

It shares no line with ``auction.py``: a price is the least whole bid with which the winner would
still have won, found by bisection, since raising a bid never loses a slot.
"""

from fractions import Fraction
from hashlib import blake2b

EVEN = "100%"


def share(text):
    """Return what a text such as 2.5% means."""
    return Fraction(text.removesuffix("%")) / 100


def luck(draw, name):
    key = draw.to_bytes(8, "big")
    return int.from_bytes(blake2b(name.encode(), digest_size=8, key=key).digest())


def name_of(bid):
    return bid["campaign"] + ("/" + bid["group"] if "group" in bid else "")


def of_an_impression(bid, price, clicks):
    """Return what an impression brings at a price, where a slot has a share of the clicks."""
    click = share(bid.get("click_rate", "0.5%")) * clicks
    match bid.get("pricing", "cpc"):
        case "cpm":
            return Fraction(price, 1000)
        case "cpc":
            return price * click
    return price * click * share(bid.get("conversion_rate", "2%"))


def reaches(bid, price, floor):
    """Say whether a click in the first slot brings the floor at a price."""
    clicks = share(bid.get("click_rate", "0.5%"))
    return of_an_impression(bid, price, Fraction(1)) >= floor * clicks


def standing(bid, price, clicks, draw):
    worth = of_an_impression(bid, price, clicks) * share(bid.get("quality", EVEN))
    return worth, luck(draw, name_of(bid))


def one_slot(bids, floor, kind, clicks, draw):
    """Return who takes a slot, and what it costs; None when nobody reaches the floor."""
    able = [bid for bid in bids if reaches(bid, bid["bid_minor"], floor)]
    if not able:
        return None

    def rank(bid):
        return standing(bid, bid["bid_minor"], clicks, draw)

    best = max(able, key=rank)
    others = [bid for bid in able if bid["campaign"] != best["campaign"]]
    rivals = [rank(bid) for bid in others]

    def wins(price):
        holds = reaches(best, price, floor)
        return holds and all(standing(best, price, clicks, draw) > rival for rival in rivals)

    price = best["bid_minor"] if kind == "first_price" else least(wins, best["bid_minor"])
    if best.get("pricing") == "ocpm":
        price = int(of_an_impression(best, price, clicks) * 1000)
    tied = sum(rank(bid)[0] == rank(best)[0] for bid in able)
    second = max(others, key=rank, default=None)
    return {
        "campaign": best["campaign"],
        **({"group": best["group"]} if "group" in best else {}),
        "price_minor": price,
        "runner_up": second and second["campaign"],
        "one_in": tied,
    }


def least(wins, most):
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if wins(middle) else (middle + 1, high)
    return low


def sold(case):
    """Return who takes each slot of a case, from the top, until nobody is left."""
    place, left, found = case["place"], list(case["bids"]), []
    for slot, draw in enumerate(case["draws"]):
        positions = place.get("positions", [100])
        clicks = Fraction(positions[min(slot, len(positions) - 1)], 100)
        kind = place.get("auction", "second_price")
        award = one_slot(left, place.get("floor_minor", 0), kind, clicks, draw)
        if award is None:
            break
        found.append(award)
        left = [bid for bid in left if bid["campaign"] != award["campaign"]]
    return found
