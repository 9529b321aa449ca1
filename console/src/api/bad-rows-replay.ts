import { answer, client } from "./client";

/** Send refused rows through intake again. */
export const replayBadRows = (ids: string[]): Promise<{ replayed: number; refused: { id: string; reason: string }[] }> =>
  answer(client.POST("/api/v1/bad-rows/replay", { body: { ids } }));
