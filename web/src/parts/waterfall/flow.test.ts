import { expect, it } from "vitest";
import type { BucketFieldsFragment, PlanBucketFragment, StepFieldsFragment } from "../../gql/graphql";
import { fullAgain, level, nextRefill, vessels } from "./flow";

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

it("shows a window that ran out as full and the credits behind it as paying", () => {
  const states = vessels(
    plan,
    [bucket("RATE_LIMIT", "5h", { limit: 10, used: 10 }), bucket("CREDIT", "credits", { remaining: 40 })],
    [step("RATE_LIMIT", "5h", 0, "EXHAUSTED"), step("PROMOTION", "promo", 0, "NOT_APPLICABLE"), step("CREDIT", "credits", 1, "FUNDED")],
  );
  expect(states.map(({ name, state }) => [name, state])).toEqual([
    ["5-hour limit", "full"],
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
  [{ limit: 10, used: 4 }, 0.4],
  [{ limit: 10, used: 12 }, 1],
  [{ limit: 0, used: 0 }, 1],
  [{ limit: null, used: 4 }, null],
  [null, null],
])("fills a vessel of %o to %s", (vessel, filled) => {
  expect(level(vessel)).toBe(filled);
});
