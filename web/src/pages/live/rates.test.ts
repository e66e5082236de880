import { expect, it } from "vitest";
import { percentile, rates, recent, type Sample } from "./rates";

const sample = (values: Partial<Sample>): Sample => ({
  arrivedAt: 0,
  delay: 10,
  denied: false,
  reason: "FUNDED",
  kinds: ["RATE_LIMIT"],
  ...values,
});

it("counts what was allowed by bucket and what was denied by reason", () => {
  const { count, denied, byKind, byReason, perSecond } = rates(
    [
      sample({}),
      sample({ kinds: ["RATE_LIMIT", "CREDIT"] }),
      sample({ kinds: ["CREDIT"] }),
      sample({ kinds: ["CREDIT"] }),
      sample({ denied: true, reason: "EXHAUSTED", kinds: [] }),
    ],
    10_000,
  );
  expect([count, denied, perSecond]).toEqual([5, 1, 0.5]);
  expect(byKind).toEqual([
    ["CREDIT", 3],
    ["RATE_LIMIT", 2],
  ]);
  expect(byReason).toEqual([["EXHAUSTED", 1]]);
});

it("lets old ones go", () => {
  const samples = [sample({ arrivedAt: 1 }), sample({ arrivedAt: 5 }), sample({ arrivedAt: 9 })];
  expect(recent(samples, 10, 5).map(({ arrivedAt }) => arrivedAt)).toEqual([9]);
  expect(recent(samples, 100, 5)).toEqual([]);
});

it.each([
  [[], 0.5, null],
  [[7], 0.99, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [Array.from({ length: 200 }, (_, index) => index + 1), 0.99, 198],
])("of %j the %d percentile is %s", (sorted, share, value) => {
  expect(percentile(sorted, share)).toBe(value);
});
