import { expect, it } from "vitest";
import { changedFields } from "./changes";

it("names what differs and nothing else", () => {
  expect(changedFields({ a: 1, b: { c: "x", d: [1] }, e: true }, { a: 1, b: { c: "y", d: [1, 2] }, f: null })).toEqual([
    { path: "b.c", before: "x", after: "y" },
    { path: "b.d", before: "[1]", after: "[1,2]" },
    { path: "e", before: "true", after: null },
  ]);
});

it("shows all of what is new or gone", () => {
  expect(changedFields(null, { plan: "pro" })).toEqual([{ path: "plan", before: null, after: "pro" }]);
  expect(changedFields({ plan: "pro" }, null)).toEqual([{ path: "plan", before: "pro", after: null }]);
  expect(changedFields(null, null)).toEqual([]);
});
