"""Compiled matching equals a plain reading of the document, on random trees and carts."""

from datetime import UTC

import hypothesis.strategies as st
from hypothesis import given, settings
from msgspec.structs import replace
from tests.promotions import condition_strategies as some
from tests.promotions.plain_conditions import Reader, in_scope

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.documents.benefit import FixedBenefit
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.offers import compile_offer
from queqiao.decide.promotions.pricing.till import Till
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import Counter, Shop
from queqiao.decide.promotions.snapshot import Codes, PromotionsSnapshot, compile_snapshot

EMPTY = compile_snapshot([], [], b"a key of the test")
SHOP = Shop(EMPTY, PriceBook())
PENNY = FixedBenefit(1)


@st.composite
def asked(draw, count):
    promotions = tuple(
        InlinePromotion(
            name="p", id=f"p{n}", benefit=PENNY, scope=draw(some.GOODS),
            condition=draw(some.CONDITIONS),
        )
        for n in range(count)
    )  # fmt: skip
    return QuoteRequest(
        cart=draw(some.CARTS),
        channel=draw(some.ONE),
        customer=draw(some.CUSTOMERS),
        catalog=draw(some.CATALOGS),
        now=draw(some.MOMENTS).replace(tzinfo=UTC).isoformat(),
        codes=draw(st.sampled_from([(), ("a",), ("b", "c")])),
        promotions=promotions,
    )


def counter_of(question):
    """Return the counter of a question, its promotions compiled without their checks.

    Random trees hold contradictions, which the checks refuse and the engine must bear.
    """
    offers = [compile_offer(one.id, one) for one in question.promotions]
    snapshot = PromotionsSnapshot(offers, Codes(EMPTY.code_book), inline=True)
    quick = replace(question, promotions=None)
    return Counter(quick, Shop(snapshot, PriceBook()), 0)


def plainly(question, promotion, now_us):
    """Return whether a promotion holds, by the plain reader; whether its goods are there."""
    catalog = {item.sku: item for item in question.catalog}
    lines = [
        (line.sku, catalog[line.sku], catalog[line.sku].price, line.quantity)
        for line in question.cart.lines
    ]
    reader = Reader(question, lines, promotion.scope, now_us)
    reached = any(in_scope(promotion.scope, *line[:3]) for line in lines)
    return reached and reader.holds(promotion.condition) is True


@given(asked(3))
@settings(max_examples=150, deadline=None)
def test_what_holds_is_what_the_document_says(question):
    counter = counter_of(question)
    matcher = counter.matcher
    basket = counter.answer(question.cart.lines).basket
    placed = matcher.match(basket)
    met = set()
    for item in placed:
        till = Till(basket, counter.profile)
        offer = item.offer
        unmet = None if item.requirement is None else item.requirement.unmet(till)
        subtotal = till.still_costs(item.lines)
        quantity = sum(basket.quantities[line] for line in item.lines)
        if (
            unmet is None
            and subtotal >= offer.subtotal_at_least
            and quantity >= offer.quantity_at_least
        ):
            met.add(offer.id)
    now_us = matcher.situation.now_us
    expected = {one.id for one in question.promotions if plainly(question, one, now_us)}
    assert met == expected
    away = {one.offer.id: one for one in matcher.away(basket, placed)}
    told = set(away) | {item.offer.id for item in placed}
    assert told == {one.id for one in question.promotions}
    assert not set(away) & met
