import { useSyncExternalStore } from "react";

/** A value that stands outside of all components; whoever uses it follows. */
export function held<T>(first: T): { get: () => T; set: (next: T) => void; use: () => T } {
  let now = first;
  const listeners = new Set<() => void>();
  const listen = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const get = () => now;
  const set = (next: T) => {
    now = next;
    for (const listener of listeners) listener();
  };
  return { get, set, use: () => useSyncExternalStore(listen, get) };
}
