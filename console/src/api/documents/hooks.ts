/** Documents as queries of the page: cached, polled and refreshed after each write. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Documents, Kind } from "../types";
import { createDocument } from "./create";
import { getDocument } from "./get";
import { documentHistory } from "./history";
import { type ListQuery, listDocuments } from "./list";
import { replaceDocument } from "./replace";
import { type Transition, transitionDocument } from "./transition";

export const useDocuments = <K extends Kind>(kind: K, query: ListQuery = {}) =>
  useQuery({ queryKey: [kind, "list", query], queryFn: () => listDocuments(kind, query), refetchInterval: 5000 });

export const useDocument = <K extends Kind>(kind: K, id: string) =>
  useQuery({ queryKey: [kind, "one", id], queryFn: () => getDocument(kind, id), enabled: id !== "" });

export const useHistory = <K extends Kind>(kind: K, id: string) =>
  useQuery({ queryKey: [kind, "history", id], queryFn: () => documentHistory(kind, id) });

/** Publish, pause or archive. */
export function useTransition(kind: Kind) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (move: { id: string; to: Transition }) => transitionDocument(kind, move.id, move.to),
    onSettled: () => void queries.invalidateQueries({ queryKey: [kind] }),
  });
}

/** Create, or replace where an id and revision are given. */
export function useSave<K extends Kind>(kind: K) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (save: { id?: string; revision?: number; document: Documents[K]; reason?: string }) =>
      save.id === undefined
        ? createDocument(kind, save.document)
        : replaceDocument(kind, save.id, save.revision ?? 0, save.document, save.reason),
    // Not waited for: what was written is known, the lists follow.
    onSettled: () => void queries.invalidateQueries({ queryKey: [kind] }),
  });
}
