import { answer, client } from "./client";
import type { Key, Page } from "./types";

/** Keys of programs, without their secrets. */
export const listKeys = (): Promise<Page<Key>> => answer(client.GET("/api/v1/keys", {}));
