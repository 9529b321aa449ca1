import { expect, it } from "vitest";
import type { Expression } from "@/api/types";
import { toExpression, toGroup, whole } from "./fields";

const leaf = { field: "orders", op: ">=", value: 2 };

it("goes from chips to an expression and back", () => {
  const group = { join: "any" as const, conditions: [leaf, { ...leaf, op: "<", not: true }] };
  expect(toExpression(group)).toEqual({ any: [leaf, { not: { ...leaf, op: "<" } }] });
  expect(toGroup(toExpression(group))).toEqual(group);
});

it("leaves deeper expressions alone", () => {
  const deep: Expression = { all: [{ any: [leaf] }] };
  expect(toGroup(deep)).toBeNull();
});

it("asks nothing while a value is missing", () => {
  expect(whole(leaf)).toBe(true);
  expect(whole({ ...leaf, value: null })).toBe(false);
  expect(whole({ field: "category_interest", op: ">=", value: 0.2, category: "" })).toBe(false);
});
