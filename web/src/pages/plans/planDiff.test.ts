import { expect, it } from "vitest";
import type { PlanFieldsFragment } from "../../gql/graphql";
import { diffLines, diffPlans } from "./planDiff";

const marks = { same: " ", added: "+", removed: "-" };
const text = (before: string, after: string) =>
  diffLines([...before], [...after])
    .map(({ sign, text: line }) => marks[sign] + line)
    .join("");

it.each([
  ["abc", "abc", " a b c"],
  ["abc", "ac", " a-b c"],
  ["ac", "abc", " a+b c"],
  ["ab", "ba", "-a b+a"],
  ["", "a", "+a"],
  ["a", "", "-a"],
  ["", "", ""],
])("%j to %j", (before, after, diff) => {
  expect(text(before, after)).toBe(diff);
});

it("compares plans feature by feature", () => {
  const feature = (key: string) => ({ key, name: key.toUpperCase(), unit: "x", divisible: true, price: null });
  const bucket = (limit: number) => ({
    kind: "RATE_LIMIT" as const,
    key: "w",
    scope: "USER" as const,
    windows: [{ limit, duration: "PT1H" }],
    quota: null,
    period: null,
  });
  const plan = (version: number, features: PlanFieldsFragment["features"]): PlanFieldsFragment => ({
    key: "pro",
    version,
    name: "Pro",
    publishedAt: "2030-01-01T00:00:00Z",
    features,
  });
  const diff = diffPlans(
    plan(1, [
      { feature: feature("chat"), waterfall: [bucket(5)], ceilings: [] },
      { feature: feature("old"), waterfall: [bucket(1)], ceilings: [] },
    ]),
    plan(2, [{ feature: feature("chat"), waterfall: [bucket(9)], ceilings: [{ limit: 50, duration: "P1D" }] }]),
  );
  expect(diff.map(({ feature: name, lines }) => [name, lines.map(({ sign, text: line }) => `${marks[sign]}${line}`)])).toEqual([
    ["CHAT", ["-Rate limit, 5 per hour, for each user (w)", "+Rate limit, 9 per hour, for each user (w)", "+Ceiling: 50 per day"]],
    ["OLD", ["-Rate limit, 1 per hour, for each user (w)"]],
  ]);
});
