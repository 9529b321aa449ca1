/** State that belongs in the address, so that a page can be sent to a colleague. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type Search = Record<string, string>;

/** Kept from page to page; everything else belongs to one page. */
export const GLOBAL = ["period", "compare", "currency"] as const;

export const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text));

export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return text ? `?${text}` : "";
}

export const useAddress = (): Search => useSearch({ strict: false }) as Search;

/** Only the part of the address that goes along to another page. */
export function carried(search: Search): Search {
  return Object.fromEntries(GLOBAL.flatMap((name) => (search[name] ? [[name, search[name]]] : [])));
}

/** Change parameters of this page's address; undefined removes one. */
export function useSetAddress() {
  const navigate = useNavigate();
  return useCallback(
    (change: Record<string, string | undefined>) =>
      void navigate({ to: ".", search: ((old: Search) => ({ ...old, ...change })) as never, replace: true }),
    [navigate],
  );
}

/** One parameter with its default, which is not written out. */
export function useParameter(name: string, fallback: string): [string, (value: string) => void] {
  const value = useAddress()[name] ?? fallback;
  const set = useSetAddress();
  return [value, useCallback((next) => set({ [name]: next === fallback ? undefined : next }), [set, name, fallback])];
}

/** Go to another page, taking the period along. */
export function useGo() {
  const navigate = useNavigate();
  return useCallback(
    (to: string, extra: Search = {}) =>
      void navigate({ to, search: ((old: Search) => ({ ...carried(old), ...extra })) as never } as never),
    [navigate],
  );
}
