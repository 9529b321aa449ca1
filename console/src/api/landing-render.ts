import { answer, client } from "./client";
import type { LandingPageDocument } from "./types";

/** A draft as visitors would see it now: the server's own drawing, as HTML. */
export async function renderLandingPage(document: LandingPageDocument, look: { language: "zh" | "en"; light: "light" | "dark" }, id: string, signal?: AbortSignal): Promise<string> {
  const html = await answer(client.POST("/api/v1/landing-pages/render", { body: { document, ...look, id }, parseAs: "text", signal }));
  return html as unknown as string;
}
