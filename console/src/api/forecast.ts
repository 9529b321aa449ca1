import { answer, client } from "./client";
import type { components } from "./published";
import type { CampaignDocument } from "./types";

type Schemas = components["schemas"];
export type Forecast = Schemas["Forecast"];
export type Estimate = Schemas["Estimate"];
export type ReachAnswer = Schemas["ReachAnswer"];

/** What would become of a draft in the week from now; `id` is the campaign that it would replace. */
export const forecastCampaign = (campaign: Schemas["Draft"], id: string | undefined, signal?: AbortSignal): Promise<Forecast> =>
  answer(client.POST("/api/v1/forecast", { body: { campaign, ...(id ? { campaign_id: id } : {}) }, signal }));

/** How many of the people who come a targeting reaches on these placements. */
export const reachOf = (targeting: CampaignDocument["targeting"], placements: string[], signal?: AbortSignal): Promise<ReachAnswer> =>
  answer(client.POST("/api/v1/targeting/reach", { body: { targeting, placements }, signal }));
