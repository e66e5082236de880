import { expect, it } from "vitest";
import { resumeAfter } from "./socket";

it("moves a feed's cursor with what arrived", () => {
  const payload: { variables: Record<string, unknown> } = { variables: { accountId: "a", after: "c1" } };
  resumeAfter(payload, { decisions: { cursor: "c2", node: {} } });
  expect(payload.variables).toEqual({ accountId: "a", after: "c2" });
  resumeAfter(payload, { allDecisions: { cursor: "c3" } });
  expect(payload.variables.after).toBe("c3");
});

it("leaves what is no feed alone", () => {
  const payload: { variables: Record<string, unknown> } = { variables: { accountId: "a" } };
  for (const data of [null, undefined, { balance: { available: "1" } }, { decisions: null }, { buckets: [] }]) resumeAfter(payload, data);
  expect(payload.variables).toEqual({ accountId: "a" });
});
