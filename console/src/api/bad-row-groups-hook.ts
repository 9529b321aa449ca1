import { useQuery } from "@tanstack/react-query";
import { listBadRowGroups } from "./bad-row-groups-list";
import type { BadRowGroup } from "./types";

/** The causes of bad rows, asked again every few seconds. */
export const useBadRowGroups = () => useQuery({ queryKey: ["bad-rows", "groups"], queryFn: listBadRowGroups, refetchInterval: 5000 });

/** What a source was last refused for. */
export const lastFault = (groups: BadRowGroup[], source: string): BadRowGroup | undefined => groups.filter((one) => one.source === source).sort((a, b) => b.last_at.localeCompare(a.last_at))[0];
