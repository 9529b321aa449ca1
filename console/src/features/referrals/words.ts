import type { ReferralProgrammeDocument } from "@/api/types";
import { count, money } from "@/lib/numbers";

type Translate = (key: string, vars?: Record<string, unknown>) => string;
export type Reward = ReferralProgrammeDocument["reward"];
export const REWARDS = ["points", "store_credit", "coupon"] as const;

/** What a member gets for a newcomer, in a few words. */
export function rewardWords(t: Translate, reward: Reward, currency: string, batches: Map<string, string>): string {
  if (reward.type === "points") return t("referrals.words.points", { points: count(reward.points) });
  if (reward.type === "store_credit") return t("referrals.words.store_credit", { amount: money(reward.amount, currency) });
  return t("referrals.words.coupon", { batch: batches.get(reward.batch) ?? reward.batch });
}

/** A new programme: fifty points for each newcomer whose first order is kept for a week. */
export function newProgramme(): ReferralProgrammeDocument {
  return {
    name: "",
    newcomer_batch: "",
    reward: { type: "points", points: 50 },
    starts_at: null,
    ends_at: null,
    return_days: 7,
    order_at_least: null,
    accept_days: 30,
    rewards_per_month: 10,
    rewards_total: 100,
    rewards_in_all: null,
    accepts_per_day: 50,
    newcomers_per_address: 3,
    link: "",
  };
}

/** The reward of another type, with what one begins with. */
export function rewardOf(type: Reward["type"]): Reward {
  if (type === "points") return { type, points: 50 };
  return type === "store_credit" ? { type, amount: 1_000 } : { type, batch: "" };
}
