export default {
  approvals: {
    ask: "Ask another owner to allow it",
    sent: "Asked; see Settings → Approvals for what becomes of it.",
    title: "Approvals",
    none: "Nothing waits for a second person. Dangerous promotions stand here before they go live.",
    what: "What", why: "Why two people", by: "Asked by", at: "Asked at", until: "Waits until",
    actions: { publish: "Publish", give: "Give points" },
    kinds: { promotion: "promotion", coupon_batch: "code batch", flash_sale: "flash sale", points_adjustment: "adjustment" },
    states: { pending: "Waiting", approved: "Allowed", rejected: "Refused", cancelled: "Taken back", expired: "Out of time" },
    verbs: { approve: "Allow", reject: "Refuse", cancel: "Take back" },
    sure: { approve: "Allow it and do it now?", reject: "Refuse it?", cancel: "Take it back?" },
    touches: { approve: "It takes effect in the same moment; the list says why it is dangerous.", reject: "It is not done; whoever asked can change it and ask again.", cancel: "It waits no longer." },
    undo: { approve: "To undo: pause the promotion at any time; points can be taken off again.", reject: "To undo: let them ask again.", cancel: "To undo: ask again." },
  },
};
