import { expect, it } from "vitest";
import type { PlanFieldsFragment } from "../../gql/graphql";
import { fromDraft, move, newBucket, toDraft, type Draft } from "./draft";
import { planInput } from "./planText";

const plan: PlanFieldsFragment = {
  key: "pro",
  version: 3,
  name: "Pro",
  publishedAt: "2030-01-01T00:00:00Z",
  features: [
    {
      feature: { key: "chat", name: "Chat", unit: "message", divisible: true, price: null },
      waterfall: [
        {
          kind: "RATE_LIMIT",
          key: "5h",
          scope: "USER",
          windows: [
            { limit: 40, duration: "PT5H" },
            { limit: 200, duration: "P7D" },
          ],
          quota: null,
          period: null,
        },
        { kind: "FREE_TIER", key: "free", scope: "ACCOUNT", windows: [], quota: 100, period: "WEEK" },
        { kind: "CREDIT", key: "credits", scope: "ACCOUNT", windows: [], quota: null, period: null },
      ],
      ceilings: [{ limit: 1000, duration: "P1D" }],
    },
  ],
};

it("opens a plan and writes the same plan again", () => {
  expect(fromDraft(toDraft(plan))).toEqual({ input: planInput(plan) });
});

it("names the first thing that is wrong", () => {
  const draft = toDraft(plan);
  const wrong = (change: (draft: Draft) => void) => {
    const copy = structuredClone(draft);
    change(copy);
    return fromDraft(copy, "en-US");
  };
  expect(wrong((copy) => (copy.name = " "))).toEqual({ problem: "The plan needs a name." });
  expect(wrong((copy) => (copy.features[0]!.waterfall[0]!.windows[1]!.limit = "x"))).toEqual({
    problem: expect.stringMatching(/^chat, 5h, limit: Digits only/),
  });
  expect(wrong((copy) => (copy.features[0]!.waterfall[1]!.quota = ""))).toEqual({
    problem: "chat, free, quota: A whole number from 1 on",
  });
  expect(wrong((copy) => (copy.features[0]!.ceilings[0]!.length = "0"))).toEqual({
    problem: "chat, ceiling, duration: A whole number from 1 on",
  });
});

it.each([
  ["1,200,000", 1_200_000],
  [" 1200 ", 1200],
  ["1.5e3", /Digits only/],
  ["1,200", /two ways/],
  ["1.5", /whole number/],
])("reads a limit as the other fields do: %j", (text, read) => {
  const draft = toDraft(plan);
  draft.features[0]!.waterfall[0]!.windows[0]!.limit = text;
  const answer = fromDraft(draft, "en-US");
  if (typeof read === "number") expect(answer).toHaveProperty("input.features.0.waterfall.0.windows.0.limit", read);
  else expect(answer).toEqual({ problem: expect.stringMatching(read) });
});

it("gives a new bucket a key of its own", () => {
  expect(newBucket("RATE_LIMIT", ["limit", "limit-2"]).key).toBe("limit-3");
  expect(newBucket("CREDIT", []).scope).toBe("ACCOUNT");
});

it.each([
  [0, 2, "bca"],
  [2, 0, "cab"],
  [1, 1, "abc"],
])("moves %i to %i", (from, to, order) => {
  expect(move(["a", "b", "c"], from, to).join("")).toBe(order);
});
