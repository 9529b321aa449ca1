import { expect, it } from "vitest";
import type { Item, SegmentDocument } from "@/api/types";
import { countable } from "./reach";

const rule = (value: number) => ({ field: "orders", op: ">=", value });
const segment = (id: string, value: number) => ({ id, document: { name: id, expression: rule(value) } }) as Item<SegmentDocument>;
const KNOWN = [segment("buyers", 1), segment("fans", 5)];
const tags = { field: "tags", op: "one_of", value: ["vip", "new"] };

it("counts by segments, and tells how many conditions only the moment can answer", () => {
  expect(countable({}, KNOWN)).toEqual({ expression: { field: "visits", op: ">=", value: 0 }, others: 0 });
  expect(countable({ segments_any: ["buyers", "fans"] }, KNOWN)?.expression).toEqual({ any: [rule(1), rule(5)] });
  const not = { not: { field: "segments", op: "one_of", value: ["fans"] } };
  expect(countable({ segments_any: ["buyers"], expression: { and: [not, tags] } }, KNOWN)).toEqual({ expression: { all: [{ any: [rule(1)] }, { not: { any: [rule(5)] } }] }, others: 1 });
});

it("leaves a choice whole that the moment has a part in", () => {
  const either = { or: [tags, { field: "segments", op: "one_of", value: ["fans"] }] };
  expect(countable({ expression: either }, KNOWN)).toEqual({ expression: { field: "visits", op: ">=", value: 0 }, others: 2 });
});

it("waits for segments that are not there yet", () => expect(countable({ segments_any: ["gone"] }, KNOWN)).toBeNull());
