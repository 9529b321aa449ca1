import { answer, client } from "./client";
import type { components } from "./published";

/** A signed path that shows the newest revision to whoever has it, for some hours. */
export const linkToDraft = (id: string, hours: number): Promise<components["schemas"]["PreviewLink"]> =>
  answer(client.POST("/api/v1/landing-pages/{id}/preview-link", { params: { path: { id } }, body: { hours } }));
