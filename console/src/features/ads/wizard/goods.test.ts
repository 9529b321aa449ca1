import { expect, it } from "vitest";
import { forGoods, patternOf } from "./goods";

const blank = [{ id: "c1", title: "", landing_url: "/" }];
const name = (sku: string) => `名 ${sku}`;

it("makes a creative of each good, keeps what was written, and leaves one to write where none is left", () => {
  const first = forGoods(["TEA-1"], blank, "https://shop.example/p/{sku}", name);
  expect(first).toEqual([{ id: "c1", title: "名 TEA-1", landing_url: "https://shop.example/p/TEA-1", sku: "TEA-1" }]);
  const written = first.map((one) => ({ ...one, title: "明前龙井" }));
  const both = forGoods(["TEA-1", "CUP 2"], written, "/p/{sku}", name);
  expect(both.map(({ id, title, landing_url }) => [id, title, landing_url])).toEqual([["c1", "明前龙井", "https://shop.example/p/TEA-1"], ["c2", "名 CUP 2", "/p/CUP%202"]]);
  expect(forGoods([], both, "/", name)).toEqual(blank);
});

it("reads the shop's product links off earlier creatives", () => {
  expect(patternOf([{ id: "a", title: "t", landing_url: "/sale", sku: "X" }, { id: "b", title: "t", landing_url: "https://s/p/Y-1?f=ad", sku: "Y-1" }])).toBe("https://s/p/{sku}?f=ad");
  expect(patternOf(blank)).toBeNull();
});
