// @vitest-environment happy-dom
import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { dismiss, tell, useNotes } from "./notes";

test("notes stand beside one another, replace their own kind of news, and go", () => {
  const { result } = renderHook(useNotes);
  const titles = () => result.current.map((note) => note.title);
  act(() => tell({ kind: "done", title: "saved" }));
  act(() => tell({ kind: "done", key: "bid", title: "1 to 2" }));
  act(() => tell({ kind: "failed", key: "bid", title: "2 to 3 failed" }));
  expect(titles()).toEqual(["saved", "2 to 3 failed"]);
  expect(result.current[1]?.lastsMs).toBeGreaterThan(result.current[0]?.lastsMs ?? Infinity);
  act(() => dismiss("bid"));
  act(() => dismiss("bid"));
  expect(titles()).toEqual(["saved"]);
});
