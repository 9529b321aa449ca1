"""What a landing page must keep to beyond its types: every wrong field is named at once."""

from collections.abc import Callable, Iterable, Iterator

from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.text import refuse_unstorable
from queqiao.reach.landing_pages.document import (
    Block,
    CountdownBlock,
    GoodsBlock,
    Image,
    LandingPageDocument,
    ShortText,
    TabsBlock,
    TextBlock,
)

RESERVED_SLUGS = frozenset({"assets", "images", "preview"})
"""Below ``/p/`` these are ours."""
SKU_PLACE = "{sku}"

_BLANK = Message("请填写中文", "write the Chinese text")
_TWICE = Message("有重复，请删去其一", "stands twice; remove one")
_END = Message("结束时间须晚于开始时间", "must be after starts_at")
_RESERVED = Message(
    "这个地址由系统使用，请换一个", "this address is the system's own; take another"
)
_ADDRESS = Message(
    "须以 https://、http://、/ 或 # 开头，不含空白",
    "must start with https://, http://, / or #, without blanks",
)
_OWN = Message(
    "须是本站的图片：请上传，或写以 / 开头的路径",
    "an image on this host: upload it, or write a path that starts with /",
)
_SKU_PLACE = Message("须含有 {sku}，它代表商品编号", "must hold {sku}, which stands for the SKU")
_ONE_SOURCE = Message(
    "商品、类目、标签三者只能写一个", "write one of items, category and tag, not several"
)
_ONE_END = Message("写截止时间或秒杀活动，二者择一", "write either until or flash_sale")
_EMPTY = Message("请写标题或正文", "write a heading, a text, or both")
_NO_BLOCK = Message("页面上没有这个区块", "the page has no such block")


def check_landing_page(document: LandingPageDocument) -> None:
    """Raise InvalidInput with every wrong field at once."""
    wrong = [*_head(document), *_ids(document), *_tabs(document)]
    for index, block in enumerate(document.blocks):
        wrong += _block(f"blocks[{index}]", block)
    for path, value in _parts("", document):
        wrong += _part(path, value)
    if wrong:
        raise InvalidInput(*wrong)


def _head(document: LandingPageDocument) -> Iterator[FieldError]:
    if document.slug in RESERVED_SLUGS:
        yield FieldError("slug", _RESERVED)
    if document.goods_url is not None:
        yield from _address("goods_url", document.goods_url)
        if SKU_PLACE not in document.goods_url:
            yield FieldError("goods_url", _SKU_PLACE)
    if document.sign_in_url is not None:
        yield from _address("sign_in_url", document.sign_in_url)
    yield from _window(document)


def _window(document: LandingPageDocument) -> Iterator[FieldError]:
    starts, ends = document.starts_at, document.ends_at
    wrong = [*_moment("starts_at", starts), *_moment("ends_at", ends)]
    yield from wrong
    if not wrong and starts and ends and parse_rfc3339(ends) <= parse_rfc3339(starts):
        yield FieldError("ends_at", _END)


def _ids(document: LandingPageDocument) -> Iterator[FieldError]:
    ids = (block.id for block in document.blocks)
    return _unique(((f"blocks[{index}].id", each) for index, each in enumerate(ids)))


def _tabs(document: LandingPageDocument) -> Iterator[FieldError]:
    known = {block.id for block in document.blocks}
    for index, block in enumerate(document.blocks):
        if isinstance(block, TabsBlock):
            for place, tab in enumerate(block.items):
                if tab.block not in known:
                    yield FieldError(f"blocks[{index}].items[{place}].block", _NO_BLOCK)


def _block(path: str, block: Block) -> Iterator[FieldError]:
    if isinstance(block, TextBlock) and block.heading is None and block.text is None:
        yield FieldError(path, _EMPTY)
    if isinstance(block, CountdownBlock):
        if (block.until is None) == (block.flash_sale is None):
            yield FieldError(f"{path}.until", _ONE_END)
        yield from _moment(f"{path}.until", block.until)
    if isinstance(block, GoodsBlock):
        yield from _goods(path, block)


def _goods(path: str, block: GoodsBlock) -> Iterator[FieldError]:
    sources = (bool(block.items), block.category is not None, block.tag is not None)
    if sum(sources) > 1:
        yield FieldError(f"{path}.items", _ONE_SOURCE)
    named = enumerate(block.items)
    yield from _unique((f"{path}.items[{index}].sku", item.sku) for index, item in named)


def _parts(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield every value below a part of the document with its path, depth first."""
    if isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _parts(f"{path}[{index}]", each)
        return
    yield path, value
    for name in getattr(value, "__struct_fields__", ()):
        yield from _parts(f"{path}.{name}" if path else name, getattr(value, name))


def _part(path: str, value: object) -> Iterator[FieldError]:
    if isinstance(value, str):
        yield from _of(lambda: refuse_unstorable(value, path))
        if path.endswith(".url") and not path.endswith("image.url"):
            yield from _address(path, value)
    elif isinstance(value, ShortText) and not value.zh.strip():
        yield FieldError(f"{path}.zh", _BLANK)
    elif isinstance(value, Image) and not _is_own(value.url):
        yield FieldError(f"{path}.url", _OWN)


def _moment(path: str, moment: str | None) -> Iterable[FieldError]:
    return () if moment is None else _of(lambda: parse_rfc3339(moment, path))


def _of(check: Callable[[], object]) -> tuple[FieldError, ...]:
    try:
        check()
    except InvalidInput as error:
        return error.fields
    return ()


def _unique(named: Iterable[tuple[str, str]]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for path, each in named:
        if each in seen:
            yield FieldError(path, _TWICE)
        seen.add(each)


def _address(path: str, url: str) -> Iterator[FieldError]:
    is_web = url.lower().startswith(("https://", "http://"))
    is_here = url.startswith("#") or _is_own(url)
    if not ((is_web or is_here) and _is_plain(url)):
        yield FieldError(path, _ADDRESS)


def _is_own(url: str) -> bool:
    return url.startswith("/") and not url.startswith(("//", "/\\")) and _is_plain(url)


def _is_plain(url: str) -> bool:
    return all(character > " " and character != "\x7f" for character in url)
