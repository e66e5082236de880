import { expect, it } from "vitest";
import type { BucketFieldsFragment, PlanBucketFragment, StepFieldsFragment } from "../../gql/graphql";
import { fullAgain, level, nextRefill, sizeOf, vessels } from "./flow";

const plan: PlanBucketFragment[] = [
  { kind: "RATE_LIMIT", key: "5h", scope: "USER", windows: [{ limit: 10, duration: "PT5H" }], quota: null, period: null },
  { kind: "PROMOTION", key: "promo", scope: "ACCOUNT", windows: [], quota: null, period: null },
  { kind: "CREDIT", key: "credits", scope: "ACCOUNT", windows: [], quota: null, period: null },
];

function bucket(kind: BucketFieldsFragment["kind"], key: string, values: Partial<BucketFieldsFragment>): BucketFieldsFragment {
  return {
    kind,
    key,
    feature: { key: "chat" },
    userId: null,
    limit: null,
    used: 0,
    remaining: 0,
    windows: [],
    nextRefillAt: null,
    resetsAt: null,
    ...values,
  };
}

function step(
  kind: StepFieldsFragment["kind"],
  bucketKey: string,
  taken: number,
  reason: StepFieldsFragment["reason"],
): StepFieldsFragment {
  return { position: 1, kind, bucketKey, available: taken, taken, reason, resetsAt: null };
}

it("shows a window that ran out as empty and the credits behind it as paying", () => {
  const states = vessels(
    plan,
    [bucket("RATE_LIMIT", "5h", { limit: 10, used: 10 }), bucket("CREDIT", "credits", { remaining: 40 })],
    [step("RATE_LIMIT", "5h", 0, "EXHAUSTED"), step("PROMOTION", "promo", 0, "NOT_APPLICABLE"), step("CREDIT", "credits", 1, "FUNDED")],
  );
  expect(states.map(({ name, state }) => [name, state])).toEqual([
    ["5-hour limit", "empty"],
    ["Promotion", "none"],
    ["Credits", "pays"],
  ]);
});

it("keeps what the preview did not look at as ready", () => {
  const states = vessels(
    plan,
    [bucket("RATE_LIMIT", "5h", { limit: 10, remaining: 10 }), bucket("CREDIT", "credits", { remaining: 40 })],
    [step("RATE_LIMIT", "5h", 1, "FUNDED")],
  );
  expect(states.map(({ state }) => state)).toEqual(["pays", "none", "ready"]);
});

it("finds the next unit and the last", () => {
  const buckets = [
    bucket("RATE_LIMIT", "a", { nextRefillAt: "2030-01-01T10:00:00Z", resetsAt: "2030-01-01T15:00:00Z" }),
    bucket("FREE_TIER", "b", { nextRefillAt: "2030-01-01T09:59:00Z", resetsAt: "2030-01-31T00:00:00Z" }),
    bucket("CREDIT", "c", { nextRefillAt: "2029-01-01T00:00:00Z" }),
  ];
  expect(nextRefill(buckets)).toBe("2030-01-01T09:59:00Z");
  expect(fullAgain(buckets)).toBe("2030-01-31T00:00:00Z");
  expect(nextRefill([])).toBeNull();
});

it.each([
  ["ready", { limit: 10, used: 4, remaining: 6 }, 10, 0.6],
  ["pays", { limit: 10, used: 0, remaining: 10 }, 10, 1],
  ["empty", { limit: 10, used: 12, remaining: 0 }, 10, 0],
  ["empty", { limit: 0, used: 0, remaining: 0 }, 0, 0],
  ["pays", { limit: null, used: 30, remaining: 10 }, 40, 0.25],
  ["empty", { limit: null, used: 30, remaining: 0 }, 30, 0],
  ["none", { limit: null, used: 0, remaining: 0 }, 0, 0],
] as const)("a vessel that is %s with %o holds %i and stands at %d", (state, values, size, height) => {
  const of = bucket("CREDIT", "c", values);
  expect(sizeOf(of)).toBe(size);
  expect(level({ key: "c", kind: "CREDIT", name: "Credits", state, bucket: of })).toBe(height);
});

it("shows no water in a vessel that the server says nothing of", () => {
  expect(level({ key: "c", kind: "CREDIT", name: "Credits", state: "ready", bucket: null })).toBe(0);
});
