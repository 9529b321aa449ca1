import { describe, expect, it } from "vitest";
import * as numbers from "./numbers";

it("an axis says whole amounts without their zeros", () => {
  expect(numbers.tick(20_000, "minor", "CNY", "zh")).toBe("¥200");
  expect(numbers.tick(20_050, "minor", "CNY", "zh")).toBe("¥200.50");
  expect(numbers.tick(2_000_000, "minor", "CNY", "zh")).toBe("¥2万");
  expect(numbers.tick(0.03, "ratio", "CNY", "en")).toBe("3.00%");
});

describe("money", () => {
  it.each([
    [123_456, "CNY", "¥1,234.56"],
    [0, "CNY", "¥0.00"],
    [-100, "CNY", "−¥1.00"],
    [1_500, "JPY", "¥1,500"],
    [974_774_793, "GBP", "£9,747,747.93"],
    [null, "CNY", "—"],
    [Number.NaN, "CNY", "—"],
  ])("%s %s is %s", (minor, currency, text) => expect(numbers.money(minor, currency)).toBe(text));

  it.each([
    ["300", "CNY", 30_000],
    ["12.5", "CNY", 1_250],
    ["1,234.56", "CNY", 123_456],
    ["12.345", "CNY", null],
    ["1.5", "JPY", null],
    ["", "CNY", null],
    ["abc", "CNY", null],
    ["-3", "CNY", -300],
  ])("%s typed in %s is %s", (text, currency, minor) => expect(numbers.parseMinor(text, currency)).toBe(minor));

  it("comes back from an input as it went in", () => {
    for (const minor of [0, 1, 99, 100, 30_000, 123_456]) {
      expect(numbers.parseMinor(numbers.minorToInput(minor, "CNY"), "CNY")).toBe(minor);
    }
  });
});

describe("short numbers", () => {
  it.each([
    [123_000, "zh", "12.3万"],
    [120_000_000, "zh", "1.2亿"],
    [9_999, "zh", "9,999"],
    [123_000, "en", "123K"],
    [12_000_000, "en", "12M"],
    [-20_000, "zh", "−2万"],
    [undefined, "en", "—"],
  ] as const)("%s in %s is %s", (value, language, text) => expect(numbers.compact(value, language)).toBe(text));

  it("keeps money exact until it is long", () => {
    expect(numbers.compactMoney(999_999, "CNY", "zh")).toBe("¥9,999.99");
    expect(numbers.compactMoney(123_456_789, "CNY", "zh")).toBe("¥123万");
    expect(numbers.compactMoney(123_456_789, "CNY", "en")).toBe("¥1.2M");
  });
});

describe("percentages", () => {
  it.each([
    [0.0987, "9.87%"],
    [0.1234, "12.3%"],
    [-0.05, "−5.00%"],
    [null, "—"],
  ])("%s is %s", (ratio, text) => expect(numbers.percent(ratio)).toBe(text));
});

describe("change", () => {
  it("has arrow, sign and a dash where nothing can be compared", () => {
    expect(numbers.change(112, 100)).toEqual({ direction: "up", text: "+12.0%" });
    expect(numbers.change(95, 100)).toEqual({ direction: "down", text: "−5.00%" });
    expect(numbers.change(100, 100).direction).toBe("flat");
    expect(numbers.change(100, 0)).toEqual({ direction: "none", text: "—" });
    expect(numbers.change(null, 100).direction).toBe("none");
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [84_200_000, "84.2 MB"],
    [null, "—"],
  ])("%s is %s", (value, text) => expect(numbers.bytes(value)).toBe(text));
});
