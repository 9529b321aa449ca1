import { answer, client } from "./client";
import type { LandingImage } from "./types";

/** Keep an image for pages; the same picture again is the same image. */
export const uploadImage = (file: Blob): Promise<LandingImage> =>
  answer(
    client.POST("/api/v1/landing-images", {
      body: file as never,
      bodySerializer: (body: unknown) => body as Blob,
      headers: { "Content-Type": file.type || "application/octet-stream" },
    }),
  );
