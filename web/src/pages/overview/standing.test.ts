import { expect, it } from "vitest";
import type { FeatureFieldsFragment, PreviewFieldsFragment } from "../../gql/graphql";
import type { Vessel } from "../../parts/waterfall/flow";
import { sourceOf, standingOf } from "./standing";

const feature: FeatureFieldsFragment = {
  key: "chat",
  name: "Chat",
  unit: "message",
  divisible: true,
  price: { version: 1, credits: "0.05", per: 1, effectiveFrom: "2030-01-01T00:00:00Z" },
};

const preview = (values: Partial<PreviewFieldsFragment>): PreviewFieldsFragment => ({
  feature: { key: "chat" },
  status: "ALLOWED",
  reason: "FUNDED",
  explanation: "As the server says.",
  granted: 1,
  charged: "0",
  maxQuantity: 1356,
  oneByOne: 1356,
  included: 20,
  retryAt: null,
  asOf: "2030-01-01T00:00:00Z",
  steps: [],
  ...values,
});

const text = (values: Partial<PreviewFieldsFragment>, of = feature, suspended = false) => {
  const { lead, rest, tone } = standingOf(preview(values), of, suspended);
  return `${tone}: ${lead}${rest ? `, ${rest}` : ""}`;
};

it("tells what is included from what is paid for", () => {
  expect(text({ included: 16 })).toBe("free: 16 included messages left, then 0.05 credits each");
  expect(text({ included: 1, oneByOne: 1 })).toBe("free: 1 included message left");
  expect(text({ included: 0, charged: "0.05", oneByOne: 1336 })).toBe("paid: 0.05 credits each, ≈ 1,336 messages affordable");
});

it("tells a price for many as it is", () => {
  const seconds = { ...feature, unit: "second", price: { ...feature.price!, credits: "2", per: 10 } };
  expect(text({ included: 5 }, seconds)).toBe("free: 5 included seconds left, then 2 credits per 10 seconds");
});

it("counts an indivisible feature over single requests", () => {
  expect(text({ included: 20, oneByOne: 20, maxQuantity: 10 })).toBe("free: 20 included messages left");
});

it("says why nothing is left, and promises nothing of a suspended account", () => {
  expect(text({ status: "DENIED", reason: "INSUFFICIENT_CREDITS", included: 0, oneByOne: 0 })).toBe("deny: Credits needed");
  expect(text({ status: "DENIED", reason: "EXHAUSTED", included: 0, oneByOne: 0 })).toBe("deny: Used up");
  expect(text({ status: "DENIED", reason: "SPEND_CAP_REACHED", included: 0, oneByOne: 0 })).toBe("deny: Spend cap reached");
  expect(text({ status: "DENIED", reason: "INSUFFICIENT_CREDITS", included: 0, oneByOne: 0 }, { ...feature, price: null })).toMatch(/no price/);
  expect(text({}, feature, true)).toBe("deny: Suspended, nothing can be used");
});

const pays = (kind: Vessel["kind"], name: string): Vessel[] => [{ key: "k", kind, name, state: "pays", bucket: null }];

it.each([
  ["0", pays("RATE_LIMIT", "5-hour limit"), "Included in your plan (5-hour limit)"],
  ["0", pays("PROMOTION", "Promotional credits"), "Free right now, from your promotional credits"],
  ["1.2", pays("ENTITLEMENT", "Contract allowance"), "1.20 credits for the next one, from your contract allowance"],
  ["0.05", pays("CREDIT", "Credits"), "0.05 credits for the next one, from your balance"],
  ["0", [], null],
])("a charge of %s from %o is told as “%s”", (charged, strip, words) => {
  expect(sourceOf(preview({ charged }), strip)).toBe(words);
});
