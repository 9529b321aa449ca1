import { useQuery } from "@tanstack/react-query";
import { findProgramme } from "./points-programmes-list";

/** The programme that counts now, of points or of store credit; null where the shop has none. */
export const useProgramme = (holds: "points" | "money" = "points") => useQuery({ queryKey: ["points-programmes", "current", holds], queryFn: () => findProgramme(holds) });
