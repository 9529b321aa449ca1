export default {
  approvals: {
    ask: "请另一位所有者批准",
    sent: "已请求批准，在“设置 → 待批准”里看结果。",
    title: "待批准",
    none: "没有等待批准的事。危险的促销要发布时，会出现在这里。",
    what: "要做什么", why: "为什么要两个人", by: "谁请求", at: "请求时间", until: "有效至",
    actions: { publish: "发布", give: "加积分" },
    kinds: { promotion: "促销", coupon_batch: "优惠码批次", flash_sale: "秒杀", points_adjustment: "积分调整" },
    states: { pending: "等待中", approved: "已批准", rejected: "已驳回", cancelled: "已撤回", expired: "已过期" },
    verbs: { approve: "批准", reject: "驳回", cancel: "撤回" },
    sure: { approve: "批准并立即执行？", reject: "驳回这个请求？", cancel: "撤回这个请求？" },
    touches: { approve: "批准的同时就生效，原因和数字见列表。", reject: "不执行，请求人可以改了再请求。", cancel: "不再等待批准。" },
    undo: { approve: "反悔：促销随时可以暂停；积分可以再扣回。", reject: "反悔：请他再请求一次。", cancel: "反悔：可以再请求一次。" },
  },
};
