"""The kinds of offline files: which fields each has, and by which headers they are recognised."""

from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from queqiao.kernel.errors import Message

FileKind = Literal["receipts", "orders", "contacts", "members"]
Read = Literal["text", "key", "time", "money", "quantity", "number", "phone", "email", "gender"]
"""How a cell is read; ``key`` is an identifier that Excel may have spoilt by rounding."""


class FileField(Struct, frozen=True):
    """One field. ``headers`` are what files call it, compared without spaces and brackets."""

    name: str
    title: Message
    read: Read
    headers: tuple[str, ...]
    required: bool = False


class KindOfFile(Struct, frozen=True):
    """One kind. ``key`` groups its rows; one of ``whose`` must say whose row it is, if any."""

    name: FileKind
    title: Message
    fields: tuple[FileField, ...]
    key: str
    whose: tuple[str, ...] = ()


def _field(
    name: str, zh: str, en: str, read: Read, headers: str, *, required: bool = False
) -> FileField:
    given = (zh, en, name, *headers.split())
    return FileField(name, Message(zh, en), read, given, required)


_PERSON = (
    _field("member_no", "会员号", "member number", "key",
           "会员编号 会员卡号 卡号 会员码 会员代码 客户编号 客户编码 顾客号 memberid"
           " memberno customerid customerno userid cardno"),
    _field("phone", "手机号", "phone", "phone",
           "手机 手机号码 电话 联系电话 电话号码 会员手机 客户手机 收货人手机 收件人手机 来电号码"
           " 主叫号码 mobile tel telephone phonenumber"),
)  # fmt: skip
_STORE = _field("store", "门店", "store", "text",
                "门店名称 门店编号 门店编码 门店代码 店铺 店铺名称 店名 分店 所属门店 shop storeid"
                " storename branch")  # fmt: skip
_CURRENCY = _field("currency", "币种", "currency", "text", "货币 币别 ccy")
_LINES = (
    _field("sku", "商品编码", "item code", "key",
           "商品编号 商品代码 货号 条码 商品条码 款号 SKU编码 SKU码 规格编码 商家编码"
           " itemcode itemno barcode productcode productid skuid", required=True),
    _field("name", "商品名称", "item name", "text",
           "品名 商品 商品名 货品名称 宝贝标题 物料名称 itemname productname product description"),
    _field("category", "类目", "category", "text", "品类 商品类别 商品分类 分类 类别 大类 部门"),
    _field("quantity", "数量", "quantity", "quantity",
           "销售数量 件数 购买数量 商品数量 销量 qty count units", required=True),
    _field("price", "单价", "unit price", "money",
           "销售单价 零售价 售价 商品单价 商品价格 原价 吊牌价 标价 unitprice"),
    _field("amount", "实付金额", "amount paid", "money",
           "实收金额 实付 实收 实付款 金额 成交金额 销售金额 应收金额 小计 行金额 商品金额"
           " 买家实付金额 paid amountpaid linetotal subtotal"),
    _field("discount", "优惠金额", "discount", "money",
           "优惠 折扣金额 折让 让利 商品优惠 行优惠 discountamount"),
    _field("coupon", "券码", "coupon", "text", "优惠券 优惠券码 券号 couponcode"),
)  # fmt: skip
_TIME_OF_DAY = _field(
    "time_of_day", "时刻", "time of day", "text", "销售时刻 交易时刻 小票时刻 clock"
)

RECEIPTS = KindOfFile(
    "receipts",
    Message("门店小票", "store receipts"),
    (
        _field("receipt_no", "小票号", "receipt number", "key",
               "小票编号 小票单号 流水号 交易号 交易流水号 收银单号 销售单号 单号 单据号 POS单号"
               " receiptid receiptno ticket transactionid", required=True),
        _field("time", "交易时间", "time", "time",
               "销售时间 小票时间 消费时间 结账时间 下单时间 成交时间 日期时间 时间 交易日期"
               " 销售日期 营业日期 日期 datetime date timestamp", required=True),
        _TIME_OF_DAY, _STORE,
        _field("till", "收银台", "till", "text", "收银机号 款台 POS机号 机号 posno register"),
        _field("cashier", "收银员", "cashier", "text", "营业员 导购 导购员 店员 clerk"),
        *_LINES, *_PERSON,
        _field("payment", "支付方式", "payment method", "text", "付款方式 结算方式 paymentmethod"),
        _CURRENCY,
    ),
    "receipt_no",
)  # fmt: skip
ORDERS = KindOfFile(
    "orders",
    Message("ERP 订单", "ERP orders"),
    (
        _field("order_id", "订单号", "order number", "key",
               "订单编号 单号 主订单编号 平台订单号 销售订单号 交易编号 orderno ordernumber",
               required=True),
        _field("time", "下单时间", "time", "time",
               "订单时间 订单创建时间 创建时间 付款时间 支付时间 成交时间 下单日期 日期 时间"
               " ordertime orderdate createdat paidat date", required=True),
        _TIME_OF_DAY, _STORE,
        _field("status", "订单状态", "status", "text", "状态 交易状态 orderstatus"),
        *_LINES, *_PERSON, _CURRENCY,
        _field("channel", "渠道", "channel", "text", "销售渠道 来源渠道 平台 订单来源"),
    ),
    "order_id",
)  # fmt: skip
CONTACTS = KindOfFile(
    "contacts",
    Message("客服通话与会话", "call-centre contacts"),
    (
        _field("contact_id", "通话编号", "contact id", "key",
               "通话ID 会话ID 会话编号 工单号 工单编号 服务单号 记录编号 流水号 callid ticketid",
               required=True),
        _field("time", "开始时间", "time", "time",
               "通话时间 来电时间 呼叫时间 接入时间 通话开始时间 会话时间 创建时间 时间 日期"
               " starttime calltime date", required=True),
        _TIME_OF_DAY, *_PERSON,
        _field("direction", "呼叫方向", "direction", "text", "呼叫类型 通话类型 方向 calltype"),
        _field("agent", "坐席", "agent", "text", "坐席工号 客服 客服工号 接待客服 agentid"),
        _field("topic", "主题", "topic", "text", "问题分类 咨询类型 问题类型 业务类型 reason"),
        _field("result", "处理结果", "result", "text", "结果 处理状态 通话结果 outcome"),
        _field("duration_s", "通话时长", "duration, seconds", "number",
               "时长 通话时长秒 通话时长(秒) 会话时长 duration talktime"),
        _field("satisfaction", "满意度", "satisfaction", "text", "评价 满意度评价 评分 csat"),
        _field("order_id", "订单号", "order number", "key", "订单编号 关联订单"),
        _STORE,
    ),
    "contact_id",
    ("member_no", "phone"),
)  # fmt: skip
MEMBERS = KindOfFile(
    "members",
    Message("会员档案", "membership file"),
    (
        *_PERSON,
        _field("name", "姓名", "name", "text", "会员姓名 客户姓名 会员名称 昵称 会员昵称 fullname"),
        _field("email", "邮箱", "email", "email", "电子邮箱 邮件 邮箱地址 mail"),
        _field("gender", "性别", "gender", "gender", "sex"),
        _field("birthday", "生日", "birthday", "text", "出生日期 出生年月 birthdate dob"),
        _field("level", "会员等级", "level", "text", "等级 会员级别 级别 卡类型 会员类型 tier"),
        _field("points", "积分", "points", "number", "当前积分 可用积分 会员积分 积分余额"),
        _field("time", "入会时间", "joined at", "time",
               "注册时间 开卡时间 开卡日期 入会日期 注册日期 createdat registeredat joined"),
        _field("city", "城市", "city", "text", "所在城市 地区"),
        _STORE,
    ),
    "member_no",
    ("member_no",),
)  # fmt: skip
KINDS = MappingProxyType({kind.name: kind for kind in (RECEIPTS, ORDERS, CONTACTS, MEMBERS)})
