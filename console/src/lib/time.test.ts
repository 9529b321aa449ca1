import { afterEach, expect, it } from "vitest";
import { setShopZone, zoneWords } from "./time";

afterEach(() => setShopZone("Asia/Shanghai"));

it("calls the shop's zone by its name in both languages", () => {
  expect(zoneWords("zh")).toBe("中国标准时间");
  expect(zoneWords("en")).toBe("China Standard Time");
  setShopZone("Europe/Paris");
  expect(zoneWords("en")).toBe("Central European Time");
});
