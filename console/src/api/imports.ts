/** Imports of offline files: a look inside, a start, progress, a mapping kept by name. */

import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { components } from "./published";

export type Inspection = components["schemas"]["Inspection"];
type JobView = components["schemas"]["JobView"];
/** What the server always says in full. */
export type ImportJob = Omit<JobView, "rows" | "events"> & { rows: Required<JobView["rows"]>; events: Required<JobView["events"]> };
export type ImportPlan = components["schemas"]["ImportPlan"];
export type FileKind = Inspection["kind"];

export const useInspection = (upload: string, encoding: string) =>
  useQuery({
    queryKey: ["imports", "inspect", upload, encoding],
    queryFn: () => answer(client.POST("/api/v1/imports/inspect", { body: { upload_id: upload, encoding } })),
    enabled: upload !== "",
    staleTime: Infinity,
    retry: false,
  });

export const isOver = (job: ImportJob) => !["queued", "running"].includes(job.status);

/** A job, asked again until it is over. */
export const useImport = (id: string) =>
  useQuery({
    queryKey: ["imports", "job", id],
    queryFn: async () => (await answer(client.GET("/api/v1/jobs/{id}", { params: { path: { id } } }))) as ImportJob,
    enabled: id !== "",
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : 500),
  });

export const useImports = () => useQuery({ queryKey: ["imports", "list"], queryFn: async () => (await answer(client.GET("/api/v1/jobs", { params: { query: { limit: 100 } } }))) as { items: ImportJob[] }, refetchInterval: 3000 });

export const startImport = async (body: ImportPlan) => (await answer(client.POST("/api/v1/imports", { body }))) as ImportJob;

export const cancelImport = async (id: string) => (await answer(client.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id } } }))) as ImportJob;

/** Keep a mapping by name for the next file of its kind. */
export async function saveMapping(name: string, kind: FileKind, columns: Record<string, string>): Promise<void> {
  const made = await answer(client.POST("/api/v1/import-mappings", { body: { document: { name, kind, columns } } }));
  await answer(client.POST("/api/v1/import-mappings/{id}/publish", { params: { path: { id: made.id } }, body: {} }));
}
