"""Calculation profiles that have a name, after how well-known shops reckon."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import fields

from queqiao.decide.promotions.check_profile import profile_errors
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.kernel.errors import FieldError, InvalidInput, Message


class Preset(Struct, frozen=True):
    """A profile with a sentence about how it reckons."""

    says: Message
    profile: Profile


PRESETS: dict[str, Preset] = {
    "standard": Preset(
        Message(
            "四舍五入，按当前价逐个叠加，优先级高的先算，余下的分给小数部分最大的行",
            "half up, on what lines still cost, all in turn, high priority first, "
            "spare minor units to the largest fractions",
        ),
        Profile(),
    ),
    "best_for_shopper": Preset(
        Message("选对顾客最省的组合", "the combination that saves the shopper most"),
        Profile(selection="best_combination"),
    ),
    "one_exclusive": Preset(
        Message(
            "第一个能用的排他促销独享，不论它前面还有什么",
            "the first exclusive promotion that gives anything stands alone, whatever comes before",
        ),
        Profile(exclusivity="first_exclusive_wins"),
    ),
    "original_prices": Preset(
        Message("每个优惠都按原价算", "every discount is reckoned on the original price"),
        Profile(base="original"),
    ),
    "low_priority_first": Preset(
        Message("优先级小的先算", "low numbers of priority come first"),
        Profile(priority="low_first"),
    ),
    "remainder_first": Preset(
        Message("分摊余下的分给前面的行和件", "spare minor units go to the first lines and units"),
        Profile(remainder="first"),
    ),
    "remainder_last": Preset(
        Message("分摊余下的分给后面的行和件", "spare minor units go to the last lines and units"),
        Profile(remainder="last"),
    ),
    "half_even": Preset(
        Message("银行家舍入", "halves are rounded to the even neighbour"),
        Profile(rounding="half_even"),
    ),
    "favour_shop": Preset(
        Message(
            "优惠向下取整，低于最低价的部分不再转给其他行",
            "discounts are rounded down, and what a minimum price blocks is not given elsewhere",
        ),
        Profile(rounding="down", minimum_price="cap"),
    ),
    "favour_shopper": Preset(
        Message("优惠向上取整", "discounts are rounded up"), Profile(rounding="up")
    ),
    "unrounded": Preset(
        Message(
            "单个优惠不取整，尾数累积后只取整一次",
            "no single discount is rounded: fractions add up and are cut once",
        ),
        Profile(rounding="none"),
    ),
    "taobao": Preset(
        Message(
            "淘宝：每件商品取最优的单品优惠，再取最优的一个店铺优惠，再跨店满减，最后券",
            "Taobao: each item takes its best price, then the best promotion of the shop, then "
            "cross-shop thresholds, then coupons",
        ),
        Profile(layer_among={"price": "best", "order": "best"}, one_per_unit=("price",)),
    ),
    "jd": Preset(
        Message(
            "京东：单品促销每件取最优，多级促销每件只参加一个，再总价促销，最后券",
            "JD: each item takes its best price, takes part in one promotion of several items, "
            "then those of the order, then coupons",
        ),
        Profile(layer_among={"price": "best"}, one_per_unit=("price", "line")),
    ),
    "shopify": Preset(
        Message(
            "Shopify：每件商品取最优的商品折扣，再按余额取最优的订单折扣、最优的运费折扣；"
            "不同享的用 combines_with 限制",
            "Shopify: each item takes its best discount, then the best one of the order on what is "
            "left, then the best one of shipping; combines_with says what does not stand together",
        ),
        Profile(
            layer_among={"line": "best", "order": "best", "coupon": "best", "shipping": "best"},
            one_per_unit=("line",),
        ),
    ),
    "talon_one": Preset(
        Message(
            "Talon.One：按列表顺序（数字小的在前）逐个叠加，每个按余额算；同组取最优",
            "Talon.One: in the order of the list (low numbers first), each on what is left; "
            "of a group the highest",
        ),
        Profile(priority="low_first", selection="best_in_group"),
    ),
    "medusa": Preset(
        Message(
            "Medusa：逐个按余额叠加，单个优惠不取整",
            "Medusa: each on what is left, no single discount is rounded",
        ),
        Profile(rounding="none"),
    ),
    "saleor": Preset(
        Message(
            "Saleor：每件商品取最优的目录促销，再取最优的一个订单促销，再用券",
            "Saleor: each item takes its best catalogue promotion, then the best promotion of the "
            "order, then the voucher",
        ),
        Profile(layer_among={"price": "best", "order": "best"}, one_per_unit=("price",)),
    ),
    "sylius": Preset(
        Message(
            "Sylius：优先级大的先算；能用的第一个排他促销独享；余下的分给前面的行",
            "Sylius: the larger priority first; the first exclusive promotion that holds stands "
            "alone; spare minor units go to the first lines",
        ),
        Profile(exclusivity="first_exclusive_wins", remainder="first"),
    ),
}
"""Every profile that a question may name."""


class Profiles(NamedTuple):
    """The profiles of a shop: those stored by id, and what holds where a question names none."""

    stored: Mapping[str, Profile] = MappingProxyType({})
    default: str = "standard"


PRESETS_ONLY = Profiles()
"""A shop without profiles of its own."""


def find_profile(profile: Profile | str | None, known: Profiles = PRESETS_ONLY) -> Profile:
    """Return the profile itself, the stored one or the preset of that name. Raises InvalidInput.

    A default that is not live any more is the standard.
    """
    if isinstance(profile, Profile):
        wrong = list(profile_errors(profile))
        if wrong:
            raise InvalidInput(*wrong)
        return profile
    name = profile or known.default
    if name in known.stored:
        return known.stored[name]
    found = PRESETS.get(name, None if profile else PRESETS["standard"])
    if found is None:
        names = ", ".join([*PRESETS, *known.stored])
        message = Message(f"没有这个方案，可用：{names}", f"no such profile; there are {names}")
        raise InvalidInput(FieldError("profile", message))
    return found.profile


def plain(profile: Profile) -> Profile:
    """Return the profile without the name under which it may be stored."""
    return Profile(**{field.name: getattr(profile, field.name) for field in fields(Profile)})
