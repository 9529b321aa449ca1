// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { allDocuments } from "./all";

afterEach(() => vi.unstubAllGlobals());

const page = (first: number, count: number, next_cursor: string | null) =>
  Response.json({ items: Array.from({ length: count }, (_, at) => ({ id: `p${first + at}`, document: { name: "" } })), next_cursor });

it("follows the cursors to the end, each once", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    const { searchParams } = new URL(request.url);
    asked.push(`${searchParams.get("state")} ${searchParams.get("cursor")}`);
    return Promise.resolve(searchParams.get("cursor") === "more" ? page(200, 3, null) : page(0, 200, "more"));
  });
  const found = await allDocuments("promotions", { state: "live" });
  expect(found.map((item) => item.id)).toEqual(Array.from({ length: 203 }, (_, at) => `p${at}`));
  expect(asked).toEqual(["live null", "live more"]);
});

it("ends where a server never does", async () => {
  let times = 0;
  vi.stubGlobal("fetch", () => Promise.resolve(page((times += 1), 1, "again")));
  expect(await allDocuments("campaigns")).toHaveLength(25);
});
