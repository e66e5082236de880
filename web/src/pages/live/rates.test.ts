import { expect, it } from "vitest";
import type { DecisionRowFragment } from "../../gql/graphql";
import { count, forget, rates, twoShares, type Sample, type Samples } from "./rates";

const account = (id: string) => ({ id, name: `Account ${id}` });

const sample = (values: Partial<Sample>): Sample => ({
  arrivedAt: 0,
  account: account("a"),
  denied: false,
  reason: "FUNDED",
  kinds: ["RATE_LIMIT"],
  charged: 0n,
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

it("names the accounts that were denied most and that spent most, exactly", () => {
  const { mostDenied, mostSpent } = rates(
    [
      sample({ account: account("b"), denied: true }),
      sample({ account: account("a"), charged: 100_000n }),
      sample({ account: account("a"), charged: 200_000n }),
      sample({ account: account("c"), charged: 9_007_199_254_740_993n }),
      sample({ account: account("c"), denied: true }),
      sample({ account: account("b"), denied: true }),
    ],
    60_000,
  );
  expect(mostDenied.map(([{ id }, denied]) => [id, denied])).toEqual([
    ["b", 2],
    ["c", 1],
  ]);
  expect(mostSpent.map(([{ id }, spent]) => [id, spent])).toEqual([
    ["c", 9_007_199_254_740_993n],
    ["a", 300_000n],
  ]);
});

it("counts a decision once, with what its hold came to in the end, and none that was made long ago", () => {
  const samples: Samples = new Map();
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const node = {
    id: "a",
    status: "HELD",
    steps: [],
    account: account("a"),
    charged: "5",
    createdAt: at(100),
    updatedAt: at(100),
  } as unknown as DecisionRowFragment;
  count(samples, node, 100_040, 60_000);
  expect(samples.get("a")!.charged).toBe(0n);
  count(samples, { ...node, status: "SETTLED", charged: "2.5", updatedAt: at(110) }, 110_040, 60_000);
  count(samples, { ...node, id: "b", status: "SETTLED", createdAt: at(40), updatedAt: at(110) }, 110_040, 60_000);
  expect([...samples].map(([id, { charged }]) => [id, charged])).toEqual([["a", 2_500_000n]]);
});

it("lets old ones go", () => {
  const samples: Samples = new Map([1, 5, 9].map((arrivedAt) => [String(arrivedAt), sample({ arrivedAt })]));
  forget(samples, 5);
  expect([...samples.keys()]).toEqual(["9"]);
  forget(samples, 95);
  expect(samples.size).toBe(0);
});

it.each([
  [0, 0, 0, 0],
  [5, 0, 1, 0],
  [1, 1, 0.5, 0.5],
  [2, 1, 0.67, 0.33],
  [249, 1, 0.996, 0.004],
  [99_999, 1, 0.999, 0.001],
  [0, 7, 0, 1],
])("%i and %i are shares of %d and %d", (one, other, first, second) => {
  expect(twoShares(one, other)).toEqual([first, second]);
});

it("gives shares that add up, whatever the counts", () => {
  for (let one = 0; one <= 60; one += 1)
    for (let other = one === 0 ? 1 : 0; other <= 2_000; other += 37) {
      const [first, second] = twoShares(one, other);
      expect(Math.abs(first + second - 1), `${one} and ${other}`).toBeLessThan(1e-9);
      expect([first > 0, second > 0]).toEqual([one > 0, other > 0]);
    }
});
