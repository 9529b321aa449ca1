import { answer, client } from "./client";
import type { Finding, LandingPageDocument } from "./types";

/** What keeps a draft from going live, and what should be known before. */
export async function checkLandingPage(document: LandingPageDocument): Promise<Finding[]> {
  return (await answer(client.POST("/api/v1/landing-pages/check", { body: { document } }))).items;
}
