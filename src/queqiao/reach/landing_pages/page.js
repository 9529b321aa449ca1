// @ts-check
// What a landing page does beside standing there: it counts down, keeps the campaign's parameters
// on the way out, claims coupons, shows what is left, and tells our SDK what was seen.
(() => {
  "use strict";
  const root = document.documentElement;
  const { page, key, placement, name, consent } = root.dataset;
  const zh = root.lang.startsWith("zh");
  root.classList.add("scripted");
  const EVERY_MS = 1000;
  const LIVE_EVERY_MS = 5000;
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
    tick();
    setInterval(tick, EVERY_MS);
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
      if (source === parent && typeof data?.show === "string") document.getElementById(data.show)?.scrollIntoView({ block: "center" });
    });
  }

  const queue = /** @type {any} */ (window).queqiao || [];
  /** @type {any} */ (window).queqiao = queue;
  if (Array.isArray(queue)) {
    queue.push(["load", key, { pages: false, consent }]);
    queue.push(["page", name, { placement_id: placement, promotion_id: placement }]);
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
      const said = (button.dataset.agree ?? "").split(",").filter(Boolean);
      const sdk = /** @type {any} */ (window).queqiao;
      if (Array.isArray(sdk)) sdk.push(["consent", said]);
      else sdk.consent(said);
      asked.hidden = true;
    });
  }

  async function live() {
    const began = Date.now();
    const answer = await fetch(`/p/${page}/live.json`, { cache: "no-store" });
    if (!answer.ok) return;
    const told = await answer.json();
    aheadMs = told.now_ms - (began + Date.now()) / 2;
  }
  const look = () => void (document.visibilityState === "visible" && live().catch(() => undefined));
  look();
  setInterval(look, LIVE_EVERY_MS);
})();
