"""The columns of a catalogue file: their headers in Chinese and English, and how a cell is read."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from queqiao.catalog.product import PRICE_MAX_MINOR
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent, parse_minor
from queqiao.kernel.text import clean

HEADERS: Mapping[str, tuple[str, ...]] = {
    "sku": ("sku", "sku id", "sku_id", "货号", "sku编码", "规格编码", "商家编码", "条码"),
    "product_id": ("product_id", "product id", "商品编号", "商品id", "商品编码", "spu", "款号"),
    "name": ("name", "product name", "title", "商品名称", "名称", "标题", "品名"),
    "brand": ("brand", "品牌"),
    "category": ("category", "categories", "类目", "分类", "商品分类", "品类"),
    "shop": ("shop", "store", "店铺", "商家"),
    "tags": ("tags", "标签"),
    "tax_category": ("tax_category", "tax category", "tax class", "税类", "税目", "税收分类"),
    "price": ("price", "sale price", "售价", "价格", "单价", "销售价"),
    "list_price": ("list_price", "list price", "原价", "吊牌价", "划线价", "市场价"),
    "minimum_price": ("minimum_price", "minimum price", "最低价", "底价", "控价"),
    "cost": ("cost", "成本", "成本价", "进价"),
    "stock": ("stock", "inventory", "库存", "库存数量"),
    "currency": ("currency", "币种", "货币"),
}
"""Each column and the headers that name it; case and spaces around do not count."""

REQUIRED = ("sku", "name", "price")
COLUMN_OF = {alias: column for column, aliases in HEADERS.items() for alias in aliases}
_LEVELS = (">", "＞")
_CURRENCY_SIGNS = "¥￥$£€"


class Cell(NamedTuple):
    """One cell: its value as the file gives it, its column, and the row's currency."""

    value: Any
    column: str
    currency: str


def text_of(value: Any) -> str:
    """Return a cell as text; a spreadsheet's whole numbers lose their ``.0``."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def read_cell(cell: Cell) -> Any:
    """Return the cell's value as the catalogue holds it; None when empty. Raises InvalidInput."""
    text = text_of(cell.value)
    return _READERS[cell.column](text, cell) if text else None


def _word(length_max: int) -> Callable[[str, Cell], str]:
    return lambda text, cell: clean(text, cell.column, length_max)


def _money(text: str, cell: Cell) -> int:
    """Read a decimal amount exactly; thousands separators and a currency sign may stand there."""
    plain = text.strip(_CURRENCY_SIGNS + " ").replace(",", "").replace("，", "")
    minor = parse_minor(plain, cell.currency, cell.column)
    if not 0 <= minor <= PRICE_MAX_MINOR:
        message = Message("须在 0 到 100 亿之间", "must be from 0 to ten thousand million")
        raise InvalidInput(FieldError(cell.column, message))
    return minor


def _whole(text: str, cell: Cell) -> int:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > 10**9 or number != int(number):
        message = Message("须为整数，例如 120", "a whole number, such as 120")
        raise InvalidInput(FieldError(cell.column, message))
    return int(number)


def _levels(text: str, cell: Cell) -> tuple[str, ...]:
    """Split ``食品>零食`` into its levels, widest first."""
    plain = text.replace(_LEVELS[1], _LEVELS[0])
    names = (part.strip() for part in plain.split(_LEVELS[0]))
    return tuple(clean(name, cell.column, 200) for name in names if name)


def _list(text: str, cell: Cell) -> tuple[str, ...]:
    plain = text.replace("，", ",").replace("、", ",").replace(";", ",")
    names = (part.strip() for part in plain.split(","))
    return tuple(clean(name, cell.column, 200) for name in names if name)


def _currency(text: str, cell: Cell) -> str:
    code = text.upper()
    exponent(code, cell.column)
    return code


_READERS: Mapping[str, Callable[[str, Cell], Any]] = {
    "sku": _word(128),
    "product_id": _word(128),
    "name": _word(400),
    "brand": _word(200),
    "shop": _word(200),
    "category": _levels,
    "tags": _list,
    "tax_category": _word(200),
    "price": _money,
    "list_price": _money,
    "minimum_price": _money,
    "cost": _money,
    "stock": _whole,
    "currency": _currency,
}
