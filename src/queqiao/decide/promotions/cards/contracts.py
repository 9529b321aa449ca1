"""What others may know of cards: the document kind, and what a card is worth in a cart."""

from queqiao.decide.promotions.cards.card_reader import CardAsked
from queqiao.decide.promotions.cards.cards import CardBalance, Cards
from queqiao.decide.promotions.cards.checks import check_card_product
from queqiao.decide.promotions.documents.card_product import CardProductDocument
from queqiao.kernel.documents import DocumentKind

CARD_PRODUCT = DocumentKind(
    "card_product", "card-products", CardProductDocument, check_card_product
)

__all__ = ["CARD_PRODUCT", "CardAsked", "CardBalance", "CardProductDocument", "Cards"]
