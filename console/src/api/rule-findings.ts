import { answer, client } from "./client";
import type { DraftPromotion, RuleFindings } from "./types";

/** What is wrong with a draft: that it never fires, is displaced, or sells below cost. */
export const ruleFindings = (promotions: DraftPromotion[], signal?: AbortSignal): Promise<RuleFindings> =>
  answer(client.POST("/api/v1/promotions/findings", { body: { promotions, only_drafts: true }, signal }));
