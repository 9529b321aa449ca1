import { listDocuments } from "./documents/list";
import type { PointsProgramme } from "./types";

/** The programme of points, or of money, that is live, or else the one that was changed last; null where there is none. */
export async function findProgramme(holds: "points" | "money"): Promise<PointsProgramme | null> {
  const { items } = await listDocuments("points-programmes", { limit: 200 });
  const found = items.filter((item) => item.document.holds === holds);
  return found.find((item) => item.state === "live") ?? found[0] ?? null;
}
