import { useTranslation } from "react-i18next";
import { useNames } from "@/api/documents/all";
import type { ReferralProgrammeDocument } from "@/api/types";
import { count, money } from "@/lib/numbers";
import { rewardWords } from "./words";

/** The rule as what happens to a member and a newcomer, step by step. */
export function Story({ document, currency }: { document: ReferralProgrammeDocument; currency: string }) {
  const { t } = useTranslation();
  const batches = useNames("coupon-batches");
  const steps = [
    t("referrals.story.code"),
    t("referrals.story.coupon", { batch: batches.get(document.newcomer_batch) ?? "…" }),
    t("referrals.story.order", { count: document.accept_days, least: document.order_at_least ? t("referrals.story.least", { amount: money(document.order_at_least, currency) }) : "" }),
    t("referrals.story.reward", { count: document.return_days, reward: rewardWords(t, document.reward, currency, batches) }),
    t("referrals.story.most", { month: count(document.rewards_per_month), total: count(document.rewards_total) }),
  ];
  return (
    <aside className="card beside stack" aria-label={t("referrals.story.title")}>
      <h2>{t("referrals.story.title")}</h2>
      <ol>
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </aside>
  );
}
