import { expect, it } from "vitest";
import type { DecisionRowFragment } from "../../gql/graphql";
import { count, forget, percentile, rates, type Sample, type Samples } from "./rates";

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

it("counts a decision once, though its changes are told too, and none that was made long ago", () => {
  const samples: Samples = new Map();
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const node = { id: "a", status: "HELD", steps: [], createdAt: at(100), updatedAt: at(100) } as unknown as DecisionRowFragment;
  count(samples, node, 100_040, 60_000);
  count(samples, { ...node, status: "SETTLED", updatedAt: at(110) }, 110_040, 60_000);
  count(samples, { ...node, id: "b", status: "SETTLED", createdAt: at(40), updatedAt: at(110) }, 110_040, 60_000);
  expect([...samples].map(([id, { delay }]) => [id, delay])).toEqual([["a", 40]]);
});

it("lets old ones go", () => {
  const samples: Samples = new Map([1, 5, 9].map((arrivedAt) => [String(arrivedAt), sample({ arrivedAt })]));
  forget(samples, 5);
  expect([...samples.keys()]).toEqual(["9"]);
  forget(samples, 95);
  expect(samples.size).toBe(0);
});

it.each([
  [[], 0.5, null],
  [[7], 0.99, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [Array.from({ length: 200 }, (_, index) => index + 1), 0.99, 198],
])("of %j the %d percentile is %s", (sorted, share, value) => {
  expect(percentile(sorted, share)).toBe(value);
});
