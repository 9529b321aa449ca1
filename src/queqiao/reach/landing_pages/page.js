// @ts-check
// What a landing page does beside standing there: it counts down, keeps the campaign's parameters
// on the way out, claims coupons, shows what is left, and tells our SDK what was seen.
(() => {
  "use strict";
  const root = document.documentElement;
  const { page, key, placement, name, consent, signIn } = root.dataset;
  const zh = root.lang.startsWith("zh");
  root.classList.add("scripted");
  const EVERY_MS = 1000;
  const LIVE_EVERY_MS = 5000;
  const LONGEST_TIMER_MS = 2 ** 31 - 10_000;
  /** How far the visitor's clock is from the server's. */
  let aheadMs = 0;

  /** @type {NodeListOf<HTMLElement>} */
  const clocks = document.querySelectorAll("[data-until]");
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");

  function tick() {
    for (const clock of clocks) {
      const left = Math.max(0, Math.ceil((Number(clock.dataset.until) - Date.now() - aheadMs) / 1000));
      const days = Math.floor(left / 86400);
      const time = [Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60].map(two).join(":");
      const shown = left === 0 ? (zh ? "时间到" : "Now") : days ? `${days} ${zh ? "天" : days === 1 ? "day" : "days"} ${time}` : time;
      if (clock.textContent !== shown) clock.textContent = shown;
    }
  }
  if (clocks.length) {
    turnWithSales();
    tick();
    setInterval(tick, EVERY_MS);
  }

  /** When a session begins or ends, the page is drawn anew; not by everybody in the same moment. */
  function turnWithSales() {
    const turns = [...clocks].filter((clock) => "turns" in clock.dataset).map((clock) => Number(clock.dataset.until));
    if (!page || !turns.length) return;
    const leftMs = Math.min(...turns) - Date.now() - aheadMs;
    if (leftMs < LONGEST_TIMER_MS) setTimeout(() => location.reload(), leftMs + 500 + Math.random() * 2500);
  }

  // A draft is only looked at: by a person with its link, or in the builder, which learns what was tapped.
  if (!page || !key) {
    if (parent !== window) inBuilder();
    return;
  }

  function inBuilder() {
    document.addEventListener(
      "click",
      (happened) => {
        happened.preventDefault();
        const target = happened.target instanceof Element ? happened.target.closest("main > [id]") : null;
        if (target) parent.postMessage({ block: target.id }, "*");
      },
      true,
    );
    addEventListener("message", ({ source, data }) => {
      const shown = source === parent && typeof data?.show === "string" ? document.getElementById(data.show) : null;
      // Not scrollIntoView: that would move the builder's page as well.
      if (shown) scrollBy({ top: shown.getBoundingClientRect().top - innerHeight / 4, behavior: "instant" });
    });
  }

  const visitor = takeVisitor();
  const queue = /** @type {any} */ (window).queqiao || [];
  /** @type {any} */ (window).queqiao = queue;
  if (Array.isArray(queue)) {
    queue.push(["load", key, { pages: false, consent }]);
    queue.push(["page", name, { placement_id: placement, promotion_id: placement }]);
  }
  /** @param {string} method @param {unknown[]} given */
  function sdk(method, ...given) {
    const known = /** @type {any} */ (window).queqiao;
    if (Array.isArray(known)) known.push([method, ...given]);
    else known[method](...given);
  }

  /** The shop's word for who this is. It stands behind # and is taken out of the address at once. */
  function takeVisitor() {
    const kept = "qq_visitor";
    const told = /^#visitor=([\w-]+)$/.exec(location.hash)?.[1];
    try {
      if (told) sessionStorage.setItem(kept, told);
      if (told) history.replaceState(null, "", location.pathname + location.search);
      return told ?? sessionStorage.getItem(kept) ?? "";
    } catch {
      return told ?? "";
    }
  }

  for (const button of document.querySelectorAll("[data-claim]")) button.addEventListener("click", () => void claim(/** @type {HTMLButtonElement} */ (button)));

  async function claim(/** @type {HTMLButtonElement} */ button) {
    const box = button.closest("section");
    const said = box?.querySelector(".said");
    if (!box || !said) return;
    if (!visitor && signIn) return location.assign(signIn.replace("{page}", encodeURIComponent(location.href)));
    button.disabled = true;
    said.textContent = "";
    try {
      const answer = await fetch(`/p/${page}/claim`, {
        method: "POST",
        headers: { "content-type": "application/json", "accept-language": zh ? "zh-CN" : "en" },
        body: JSON.stringify({ block: button.dataset.claim, visitor }),
      });
      const told = await answer.json();
      if (!answer.ok) {
        said.textContent = told.detail ?? told.title;
        button.disabled = told.reason === "claim_limit" || told.reason === "batch_exhausted";
        return;
      }
      const until = told.expires_at ? new Intl.DateTimeFormat(zh ? "zh-CN" : "en", { dateStyle: "medium", timeStyle: "short" }).format(new Date(told.expires_at)) : "";
      said.textContent = (zh ? `领取成功：${told.code}` : `It is yours: ${told.code}`) + (until && (zh ? `，有效期至 ${until}` : `, until ${until}`));
      sdk("track", "Coupon Claimed", { coupon: told.code, coupon_id: box.dataset.qqCouponId, coupon_name: box.dataset.qqCouponName, placement_id: placement, promotion_id: placement });
    } catch {
      said.textContent = zh ? "网络不通，请再试一次" : "No connection, please try again";
      button.disabled = false;
    }
  }

  const campaign = [...new URLSearchParams(location.search)].filter(([field]) => field.startsWith("utm_"));
  function keepCampaign(/** @type {Event} */ { target }) {
    const link = target instanceof Element ? target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || !/^https?:$/.test(link.protocol)) return;
    if (link.getAttribute("href")?.startsWith("#")) return;
    const url = new URL(link.href);
    for (const [field, value] of campaign) if (!url.searchParams.has(field)) url.searchParams.append(field, value);
    link.href = url.href;
  }
  if (campaign.length) for (const kind of ["click", "auxclick"]) document.addEventListener(kind, keepCampaign, true);

  /** @type {HTMLElement | null} */
  const asked = document.querySelector(".consent");
  if (asked) {
    let answered = null;
    try {
      answered = localStorage.getItem("qq_consent");
    } catch {
      // A browser that keeps nothing is asked each time.
    }
    asked.hidden = answered !== null;
    asked.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("[data-agree]") : null;
      if (!(button instanceof HTMLElement)) return;
      sdk("consent", (button.dataset.agree ?? "").split(",").filter(Boolean));
      asked.hidden = true;
    });
  }

  async function live() {
    const began = Date.now();
    const answer = await fetch(`/p/${page}/live.json`, { cache: "no-store" });
    if (!answer.ok) return;
    const told = await answer.json();
    aheadMs = told.now_ms - (began + Date.now()) / 2;
    for (const box of document.querySelectorAll("[data-sale]")) showStock(/** @type {HTMLElement} */ (box), told.sales);
  }

  /** @param {HTMLElement} box @param {Record<string, Record<string, number>>} sales */
  function showStock(box, sales) {
    const left = sales[box.dataset.sale ?? ""] ?? {};
    for (const stock of /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("[data-stock]"))) {
      const pieces = left[stock.dataset.stock ?? ""];
      const bar = stock.querySelector("progress");
      const words = /** @type {HTMLElement | null} */ (stock.querySelector("[data-left]"));
      stock.hidden = pieces === undefined;
      if (pieces === undefined || !bar || !words) continue;
      bar.value = pieces;
      words.textContent = pieces ? `${words.dataset.left} ${pieces}` : (words.dataset.none ?? "");
    }
  }
  const look = () => void (document.visibilityState === "visible" && live().catch(() => undefined));
  look();
  setInterval(look, LIVE_EVERY_MS);
})();
