import { expect, it } from "vitest";
import type { BucketFieldsFragment, PlanBucketFragment, StepFieldsFragment } from "../../gql/graphql";
import { affordable, fullAgain, level, nextRefill, nextRenewal, tightWindow, vessels } from "./flow";

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
    included: 0,
    includedUsed: 0,
    credits: null,
    creditsUsed: null,
    renewsAt: null,
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
    ["Promotional credits", "none"],
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
  ["ready", { limit: 10, used: 4, remaining: 6 }, 0.6],
  ["pays", { limit: 10, used: 0, remaining: 10 }, 1],
  ["empty", { limit: 10, used: 12, remaining: 0 }, 0],
  ["empty", { limit: 0, used: 0, remaining: 0 }, 0],
  ["pays", { remaining: 1336, credits: "66.8", creditsUsed: "200.4" }, 0.25],
  ["pays", { remaining: 4, included: 4, includedUsed: 12, credits: "0", creditsUsed: "7" }, 0.25],
  ["empty", { used: 30, credits: "0", creditsUsed: "30" }, 0],
  ["none", {}, 0],
] as const)("a vessel that is %s with %o stands at %d", (state, values, height) => {
  const of = bucket("CREDIT", "c", values);
  expect(level({ key: "c", kind: "CREDIT", name: "Credits", state, bucket: of })).toBe(height);
});

it("shows no water in a vessel that the server says nothing of", () => {
  expect(level({ key: "c", kind: "CREDIT", name: "Credits", state: "ready", bucket: null })).toBe(0);
});

it("calls a pool that was given something and has nothing left empty, and one that never had anything none", () => {
  const of = (values: Partial<BucketFieldsFragment>) => vessels(plan.slice(2), [bucket("CREDIT", "credits", values)], [])[0]!.state;
  expect(of({ credits: "0", creditsUsed: "12" })).toBe("empty");
  expect(of({ credits: "5", creditsUsed: "0" })).toBe("empty"); // of a feature without a price
  expect(of({ credits: "0", creditsUsed: "0" })).toBe("none");
});

it("counts what credits pay for besides what is included", () => {
  expect(affordable({ remaining: 1340, included: 4 })).toBe(1336);
});

it("names the window that binds: least room, then the longest wait", () => {
  const window = (duration: string, remaining: number, nextRefillAt: string | null) => ({
    limit: 9,
    duration,
    used: 9 - remaining,
    remaining,
    nextRefillAt,
    resetsAt: nextRefillAt,
  });
  const of = (...windows: BucketFieldsFragment["windows"]) => tightWindow(bucket("RATE_LIMIT", "a", { windows }))?.duration;
  expect(of(window("PT5H", 3, null), window("P7D", 1, null))).toBe("P7D");
  expect(of(window("PT5H", 0, "2030-01-01T10:00:00Z"), window("P7D", 0, "2030-01-07T10:00:00Z"))).toBe("P7D");
  expect(of(window("P7D", 0, "2030-01-07T10:00:00Z"), window("PT5H", 0, "2030-01-01T10:00:00Z"))).toBe("P7D");
  expect(of(window("PT5H", 0, null))).toBeUndefined();
});

it("finds the next issue of a recurring grant", () => {
  expect(nextRenewal([bucket("CREDIT", "c", { renewsAt: "2030-02-01T00:00:00Z" }), bucket("PROMOTION", "p", {})])).toBe("2030-02-01T00:00:00Z");
});
