import { expect, it } from "vitest";
import { describer } from "./describe";

const describe = describer((key, vars) => (vars?.defaultValue as string | undefined) ?? key, "promotion.fields", "CNY");

it("puts amounts, instants and lists of parts in words", () => {
  expect(describe("benefit.tiers[0].discount", 4000)).toEqual({ field: "discount 1", value: "¥40.00" });
  expect(describe("benefit.tiers", [{ at_least: 30000, discount: 4000 }]).value).toBe("at_least ¥300.00, discount ¥40.00");
  expect(describe("document.starts_at", "2026-11-10T16:00:00Z").value).toBe("2026-11-11 00:00");
  expect(describe("condition.quantity_at_least", 3).value).toBe("3");
  expect(describe("scope.skus", ["A", "B"]).value).toBe("A; B");
  expect(describe("name", null).value).toBe("—");
});
