import { answer, client } from "./client";

/** Sign out. */
export const closeSession = (): Promise<unknown> => answer(client.DELETE("/api/v1/session"));
