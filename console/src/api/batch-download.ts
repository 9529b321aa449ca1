import { preferences } from "@/lib/preferences";
import { ApiError } from "./problem";

export type FileForm = "csv" | "txt";

interface Part {
  from: number;
  count: number;
}

/** A batch's codes as a file, told piece by piece; the signal ends it. */
export async function downloadCodes(id: string, form: FileForm, part: Part, onBytes: (bytes: number, total: number | null) => void, signal: AbortSignal): Promise<Blob> {
  const query = new URLSearchParams({ from: String(part.from), count: String(part.count) });
  const response = await fetch(`/api/v1/coupon-batches/${encodeURIComponent(id)}/codes.${form}?${query}`, { headers: { "Accept-Language": preferences().language === "zh" ? "zh-CN" : "en" }, signal });
  if (!response.ok || !response.body) throw ApiError.from(response, await response.json().catch(() => null));
  const said = Number(response.headers.get("content-length"));
  const total = said > 0 ? said : null;
  const pieces: BlobPart[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    onBytes((bytes += piece.value.byteLength), total);
  }
  return new Blob(pieces, { type: response.headers.get("content-type") ?? "application/octet-stream" });
}
