import { answer, client } from "./client";

const PART_BYTES = 4 * 1024 * 1024;
const HASHED_BYTES_MAX = 128 * 1024 * 1024;

/** Send a file in parts; a file that was cut off goes on where it was. Tells the share that is there. */
export async function uploadFile(file: File, onShare: (share: number) => void): Promise<string> {
  const begun = await answer(client.POST("/api/v1/uploads", { body: { name: file.name.slice(-200), size: file.size, sha256: await digest(file) } }));
  let { offset } = begun;
  onShare(offset / file.size);
  while (offset < file.size) {
    const part = file.slice(offset, offset + (begun.part_bytes_max ?? PART_BYTES));
    const sent = client.PATCH("/api/v1/uploads/{id}", {
      params: { path: { id: begun.id }, header: { "Upload-Offset": offset } },
      body: part as never,
      bodySerializer: (body: unknown) => body as Blob,
      headers: { "Content-Type": "application/octet-stream" },
    });
    offset = (await answer(sent)).offset;
    onShare(offset / file.size);
  }
  return begun.id;
}

/** The file's SHA-256; none where the browser does not offer it (plain http) or the file is very large. */
async function digest(file: File): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle || file.size > HASHED_BYTES_MAX) return "";
  const bytes = new Uint8Array(await subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}
