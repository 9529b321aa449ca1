"""What others may know of flash sales: the kind of document, and the price that is held.

A cart that holds reservations brings their ``price_token``s; ``HeldPrices.of`` tells, without
asking anybody, for which SKU, how many pieces and at which price each one holds.
"""

from queqiao.decide.promotions.flash_sales.checks import check_flash_sale
from queqiao.decide.promotions.flash_sales.documents import FlashSaleDocument
from queqiao.decide.promotions.flash_sales.prices import HeldPrice, HeldPrices
from queqiao.kernel.documents import DocumentKind

FLASH_SALE = DocumentKind("flash_sale", "flash-sales", FlashSaleDocument, check_flash_sale)

__all__ = ["FLASH_SALE", "FlashSaleDocument", "HeldPrice", "HeldPrices"]
