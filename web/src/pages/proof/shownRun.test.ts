import { expect, test } from "vitest";
import { shownRun, type Run } from "./shownRun";

const done = (id: string): Run => ({ id, finishedAt: "2026-06-01T00:00:00Z" });
const underWay = (id: string): Run => ({ id, finishedAt: null });

test.each([
  ["nothing is known yet", undefined, null, undefined],
  ["the newest of the list", undefined, [done("b"), done("a")], "b"],
  ["what was verified by hand", done("hand"), [done("b"), done("hand")], "hand"],
  ["by hand, and the list is not read anew", underWay("hand"), [done("a")], "hand"],
  ["by hand, and the list is being read", underWay("hand"), null, "hand"],
])("%s", (_, byHand, rows, id) => {
  expect(shownRun(byHand, rows)?.id).toBe(id);
});

test("what goes on after its answer is done when the list says so", () => {
  expect(shownRun(underWay("hand"), [done("b"), underWay("hand")])?.finishedAt).toBeNull();
  expect(shownRun(underWay("hand"), [done("b"), done("hand")])?.finishedAt).not.toBeNull();
});
