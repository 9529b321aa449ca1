import { expect, it } from "vitest";
import { clauseAt, EMPTY, type Group, pathOf, read, write } from "./tree";

const tag = { field: "tags", op: "one_of", value: ["vip"] };
const near = { field: "geo", op: "in_radius", value: { lat: 31.2, lon: 121.5, radius_km: 5 } };

it("goes from an expression to the form and back", () => {
  for (const expression of [{ and: [tag, { not: { or: [near, { not: tag }] } }] }, { or: [near, tag] }, { not: { and: [tag] } }]) {
    expect(write(read(expression) as Group)).toEqual(expression);
  }
  expect(write(read({ all: [tag] }) as Group)).toEqual({ and: [tag] });
  expect(write(read(tag) as Group)).toEqual({ and: [tag] });
  expect(write(read({ not: { not: tag } }) as Group)).toEqual({ and: [tag] });
  expect(write(read(null) as Group)).toBeNull();
  expect(read({ nand: [] })).toBeNull();
});

it("names each part as the server does, which never sees an empty group", () => {
  const root = read({ and: [tag, near] }) as Group;
  const with_gap: Group = { ...root, parts: [{ ...EMPTY, join: "or" }, ...root.parts] };
  expect(write(with_gap)).toEqual({ and: [tag, near] });
  expect(pathOf(with_gap, "e", 2)).toBe("e.and[1]");
  expect(pathOf({ ...root, not: true, join: "or" }, "e", 0)).toBe("e.not.or[0]");
});

it("finds the condition that a path of the server's names", () => {
  const expression = { and: [tag, { not: { or: [near, tag] } }] };
  expect(clauseAt(expression, "targeting.expression.and[1].not.or[0]")).toMatchObject({ field: "geo", op: "in_radius" });
  expect(clauseAt(expression, "targeting.expression.and[7]")).toBeNull();
});
