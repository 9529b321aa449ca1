import { answer, client } from "./client";
import type { components } from "./published";

export type TrafficQuestion = components["schemas"]["Traffic"];
export type TrafficAnswer = components["schemas"]["ClassifyResponse"];

/** Judge calls: valid, or invalid with the reason. A pure question: nothing is counted. */
export const classifyTraffic = (items: TrafficQuestion[]): Promise<TrafficAnswer> => answer(client.POST("/api/v1/traffic/classify", { body: { items } }));
