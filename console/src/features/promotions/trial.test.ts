import { expect, it } from "vitest";
import { byReason, givenOf, payersOf, questionOf, readCircumstances, readLines, unitGroups, withMore, writeLines } from "./trial";

it("a cart goes into the address and comes out again, whatever its SKUs hold", () => {
  const lines = [
    { sku: "P001-A", quantity: 2 },
    { sku: "茶*,1 %", quantity: 12 },
  ];
  expect(readLines(writeLines(lines))).toEqual(lines);
  expect(readLines("A*0,*3,B,C*x,D*1")).toEqual([{ sku: "D", quantity: 1 }]);
});

it("more of what is there raises its line; what is new comes last", () => {
  const lines = withMore([{ sku: "A", quantity: 1 }], [{ sku: "B", quantity: 2 }, { sku: "A", quantity: 3 }]);
  expect(lines).toEqual([{ sku: "A", quantity: 4 }, { sku: "B", quantity: 2 }]);
});

it("a question says its own time, so that it exposes nobody, and asks for every reason", () => {
  const asked = questionOf([{ sku: "A", quantity: 1 }], readCircumstances({ customer: "u1", codes: "X,Y", shipping: "800" }), "CNY");
  expect(asked.now).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00/);
  expect(asked).toMatchObject({ customer: { id: "u1" }, codes: ["X", "Y"], options: { everything: true, suggest: true }, cart: { shipping: { amount: 800 } } });
  expect(asked).not.toHaveProperty("profile");
});

it("equal units stand together", () => {
  const units = [{ discount: 5, total: 95 }, { discount: 5, total: 95 }, { discount: 4, total: 96 }];
  expect(unitGroups(units)).toEqual([{ count: 2, pays: 95, off: 5 }, { count: 1, pays: 96, off: 4 }]);
});

it("what nearly holds comes first, the least missing at its top; then the larger groups", () => {
  const one = (promotion_id: string, reason: string, shortfall: number | null = null) => ({ promotion_id, reason, shortfall });
  const groups = byReason([one("a", "no_goods_in_scope"), one("b", "ended"), one("c", "ended"), one("d", "subtotal_below", 90), one("e", "subtotal_below", 10)] as never);
  expect(groups.map(({ reason, items }) => [reason, items.map((item) => item.promotion_id)])).toEqual([
    ["subtotal_below", ["e", "d"]],
    ["ended", ["b", "c"]],
    ["no_goods_in_scope", ["a"]],
  ]);
});

it("what is given and who pays add up", () => {
  const applied = [
    { promotion_id: "a", name: "a", amount: 100, funding: { platform: 60, shop: 40, brand: 0 } },
    { promotion_id: "b", name: "b", amount: 0, value: 30, funding: { platform: 0, shop: 0, brand: 30 } },
  ] as never;
  expect(givenOf(applied)).toBe(130);
  expect(payersOf(applied)).toEqual({ platform: 60, shop: 40, brand: 30 });
});
