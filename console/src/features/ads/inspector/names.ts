import type { CampaignDocument } from "@/api/types";

export const nameOf = (documents: Map<string, CampaignDocument>, id: string): string => documents.get(id)?.name ?? id;

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** Why a campaign won, lost or took no part, in words. */
export const reasonWords = (t: Translate, reason: string): string => t(`adReasons.${reason}`, { defaultValue: t(`reasons.${reason}`, { defaultValue: reason }) });
