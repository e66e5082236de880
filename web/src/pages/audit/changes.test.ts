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

it("holds the features and buckets of a plan against each other by their keys", () => {
  const plan = (...buckets: unknown[]) => ({ features: [{ feature: "chat", waterfall: buckets, ceilings: [] }] });
  const [limit, free] = [{ key: "limit", quota: null }, { key: "free", quota: 10 }];
  expect(changedFields(plan(limit, free), plan(limit, { key: "free", quota: 20 }))).toEqual([
    { path: "features.chat.waterfall.free.quota", before: "10", after: "20" },
  ]);
  expect(changedFields(plan(limit, free), plan(free, limit))).toEqual([
    { path: "features.chat.waterfall, in order", before: "limit, free", after: "free, limit" },
  ]);
  expect(changedFields(plan(limit), plan(limit, free))).toEqual([
    { path: "features.chat.waterfall.free.key", before: null, after: "free" },
    { path: "features.chat.waterfall.free.quota", before: null, after: "10" },
  ]);
});
