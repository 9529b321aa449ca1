"""The page's own words, in both languages, and how it writes money and moments."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Language
from queqiao.kernel.money import format_minor
from queqiao.reach.landing_pages.document import LongText, ShortText

CLAIM = Message("领取", "Get it")
NOT_BEGUN = Message("未开始", "Not yet open")
OVER = Message("已结束", "Over")
SIGN_IN = Message("请先在商城登录，再回到本页领取", "Sign in at the shop first, then come back")
REFUSALS = {
    "claim_not_started": Message("还没到领取时间", "It cannot be had yet"),
    "claim_ended": Message("领取时间已过", "The time to get it is over"),
    "segment_missing": Message("这张券只发给部分顾客", "This coupon is for some customers only"),
    "claim_limit": Message("您已经领过了", "You have it already"),
    "batch_exhausted": Message("已经领完了", "All of them are taken"),
}
"""Why a coupon cannot be had, by the reason of the refusal."""
NEEDS_SCRIPT = Message("请打开浏览器的 JavaScript 后领取", "Turn JavaScript on to get this coupon")
RULES = Message("活动规则", "Terms")
FLASH_SALE = Message("限时秒杀", "Flash sale")
GOODS = Message("商品", "Goods")
ENDS = Message("距结束", "Ends")
BEGINS = Message("开抢", "Begins")
LEFT = Message("剩余", "Left")
SOLD_OUT = Message("已抢光", "Sold out")
PREVIEW = Message("预览，尚未对外发布", "Preview: not what visitors see")
OTHER_LANGUAGE = Message("English", "中文")
TABS = Message("页内导航", "Parts of this page")
PROMOTIONS = Message("进行中的优惠", "Offers now")
WAS = Message("原价", "was")
CONSENT = Message(
    "可以统计您在本页的浏览，以便改进活动吗？", "May we count what you look at here, to improve it?"
)
AGREE = Message("同意", "Agree")
DECLINE = Message("不同意", "Decline")
NOT_FOUND = Message("没有这个活动", "There is no such page")
NOT_FOUND_MORE = Message(
    "链接可能有误，或活动还没有开始。", "The link may be wrong, or the event has not begun."
)
GONE = Message("活动已结束", "This event is over")
GONE_MORE = Message("感谢您的关注，下次早点来。", "Thank you for your interest; see you next time.")
ABSENT_COUPON = Message(
    "券批次不存在或未发布：访客看不到这一块",
    "No such live coupon batch: visitors do not see this block",
)
NOT_CLAIMABLE = Message(
    "这批券不能由顾客领取：访客看不到这一块",
    "Customers cannot claim coupons of this batch: visitors do not see this block",
)
ABSENT_SALE = Message(
    "秒杀活动不存在或未发布：访客看不到这一块",
    "No such live flash sale: visitors do not see this block",
)
ABSENT_GOODS = Message(
    "没有可显示的商品：访客看不到这一块", "No goods to show: visitors do not see this block"
)
ABSENT_PROMOTIONS = Message(
    "这些促销都未生效：访客看不到这一块",
    "None of these promotions is live: visitors do not see this block",
)

_SIGNS = {
    "CNY": "¥",
    "JPY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "KRW": "₩",
    "HKD": "HK$",
    "TWD": "NT$",
}


def said(text: ShortText | LongText | None, language: Language) -> str:
    """Return a text in a language; the Chinese one where the English one is empty."""
    if text is None:
        return ""
    return text.en.strip() if language == "en" and text.en.strip() else text.zh.strip()


def price(minor: int, currency: str) -> str:
    """Return an amount as shops write it: ``¥199`` and ``¥199.50``."""
    amount = format_minor(minor, currency)
    whole, _, fraction = amount.partition(".")
    shown = f"{int(whole):,}" + (f".{fraction}" if fraction.strip("0") else "")
    return f"{_SIGNS.get(currency, currency + ' ')}{shown}"


def moment(at_us: int, zone: str, language: Language) -> str:
    """Return a moment as a person of the shop's zone reads it, to the minute."""
    there = datetime.fromtimestamp(at_us / SECOND_US, UTC).astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}"
    return f"{there:%d %b %Y, %H:%M}".lstrip("0")
