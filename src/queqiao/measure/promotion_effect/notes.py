"""Everything that the answers say in words: what is not known and why, what a finding means."""

from queqiao.measure.promotion_effect.contracts import Note

COST_UNKNOWN = Note(
    "cost_unknown",
    "有已售商品在商品目录中没有成本，毛利只能按已知成本的部分计算",
    "goods were sold whose cost is not in the catalogue; see the margin of those whose cost is",
)
GOODS_TOO_MANY = Note(
    "too_many_goods",
    "该时段售出的商品种类过多，请缩短时段后再看毛利",
    "too many kinds of goods were sold in the period; ask for a shorter one to see margins",
)
NOT_TOLD = Note(
    "not_told",
    "该促销没有对照组，报价时不记录谁看到了它，所以没有使用率",
    "it holds nobody back, so quotes tell of nobody who came under it: the rate of use is unknown",
)
MEASURED = Note(
    "measured",
    "按抽签分组比较（意向分析）：两组客户只差这个促销，差异就是它的作用",
    "by intention to treat: chance alone decided the sides, so their difference is its effect",
)
SIDES_UNEVEN = Note(
    "sides_uneven",
    "两组人数之比与设定的对照比例不符，查明原因之前差异不可信",
    "the sides are not of the sizes that were drawn for; find out why before believing them",
)
NO_HOLDBACK = Note(
    "no_holdback",
    "没有对照组，无法知道没有它时会卖多少：增量、单笔增量订单成本和对原价销售的侵蚀都无从得知；"
    "把 holdback_percent 设为大于 0 后，从那时起可以知道",
    "nobody is held back, so what would have been sold without it cannot be known: neither what it"
    " added, nor its cost per added order, nor the full-price sales it replaced; set"
    " holdback_percent above 0 to know from then on",
)
NO_EXPOSURES = Note(
    "no_exposures",
    "还没有已知客户在报价中遇到它",
    "no quote of a known customer has come under it yet",
)
NOT_ENOUGH = Note(
    "not_enough",
    "人数还不够：每组至少 30 人、其中至少 5 人下单，才能给出区间",
    "not enough yet: an interval needs 30 customers on each side, five of whom have ordered",
)
HOLDBACK_CHANGED = Note(
    "holdback_changed",
    "对照比例中途改过，分组人数没有一个固定的期望比例",
    "its holdback was changed meanwhile, so there is no one share to expect",
)
RATIO_TOO_FEW = Note(
    "too_few",
    "人数太少，无法检验分组比例",
    "too few customers to test the sizes of the sides",
)
NO_MORE_ORDERS = Note(
    "orders_not_shown",
    "订单增量的区间含 0，每笔增量订单的成本无意义",
    "the interval of added orders holds 0, so a cost of each of them means nothing",
)
REPLACED = Note(
    "full_price_compared",
    "比较两组客户在促销范围内商品上的原价消费",
    "what both sides paid in full for goods in its scope, compared by customer",
)
ON_THE_WAY = Note(
    "on_the_way",
    "有订单已写入日志、尚未载入数仓，已计入核对",
    "orders are in the log and not in the warehouse yet; they are counted in",
)
MOVING = Note(
    "moving",
    "核对期间仍有订单在付款或退回，差额在两次读账之间",
    "orders were paid or returned while this was read; the figures lie between both readings",
)
SEVERAL_CURRENCIES = Note(
    "several_currencies",
    "该促销以多个币种使用过，账本的金额计数不分币种，这里按各自最小货币单位相加核对",
    "it was used in several currencies; the ledger has one counter of money, so here their minor"
    " units are added up as it does",
)
ERASED_COUNT = Note(
    "erased",
    "其中有已被清除的客户的订单：数字仍在，姓名已无，不是差异",
    "some orders are of people who were erased: their numbers stay, so they are no difference",
)
CODES_KEPT = Note(
    "codes_kept",
    "有订单已退回、其券码按批次规则仍算已用",
    "codes of orders that came back may stay used, by the rule of their batch",
)
OF_NO_ORDER = Note(
    "of_no_order",
    "差额中有一部分不属于账本记得的任何订单：退回的步骤、超过保留期的键，或直接写入账本的数",
    "a part of the difference is of no order that the ledger remembers: steps that gave back, keys"
    " kept no longer, or counts written to the ledger directly",
)
NOT_TOLD_YET = Note(
    "not_told_yet",
    "账本已记、日志未写：付款时进程中断，半分钟内会自动补写",
    "spent in the ledger and not told to the log: a process died while it was paid; it is told"
    " within half a minute of the end of the reservation",
)
OTHER_AMOUNT = Note("other_amount", "两边的数不同", "the two sides have other numbers")
NOT_SPENT = Note(
    "not_spent",
    "日志已写、账本未记",
    "told to the log, and not spent in the ledger",
)
LOST = Note(
    "lost",
    "日志已写，账本不记得这笔订单的键：账本可能恢复自较早的备份",
    "told to the log, and the ledger does not remember the order's key: it may have been restored"
    " from an earlier backup",
)
