import { expect, it } from "vitest";
import { toCsv } from "./csv";

it("writes what spreadsheets read, and nothing that they would run", () => {
  const text = toCsv([["name", "gmv"], ['满 300, "减" 40', 12], ["=1+1", null]]);
  expect(text).toBe('name,gmv\r\n"满 300, ""减"" 40",12\r\n\'=1+1,\r\n');
});
