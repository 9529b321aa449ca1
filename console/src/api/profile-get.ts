import { answer, client } from "./client";
import type { Profile } from "./types";

/** All that is known of one person. */
export const getProfile = (id: string): Promise<Profile> => answer(client.GET("/api/v1/profiles/{id}", { params: { path: { id } } }));
