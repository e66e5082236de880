import { expect, it } from "vitest";
import type { PreviewFieldsFragment } from "../../gql/graphql";
import { verdictOf } from "./verdict";

const preview = (values: Partial<PreviewFieldsFragment>): PreviewFieldsFragment => ({
  feature: { key: "task" },
  status: "ALLOWED",
  reason: "FUNDED",
  explanation: "As the server says.",
  granted: 0,
  charged: "0",
  maxQuantity: 52,
  oneByOne: 71,
  included: 20,
  retryAt: null,
  asOf: "2030-01-01T00:00:00Z",
  steps: [],
  ...values,
});

const unit = { unit: "task" };

it("says that what one request cannot get, single requests can", () => {
  expect(verdictOf(preview({ status: "DENIED", reason: "INDIVISIBLE" }), 58, unit)).toEqual({
    verdict: "Yes, but not at once",
    sentence: "Not in one request (52 at most); 58 one after the other: yes.",
    denied: false,
  });
});

it.each([
  [71, "Yes, but not at once"],
  [72, "No, not now"],
])("of 71 one after the other, asked %i: %s", (asked, verdict) => {
  expect(verdictOf(preview({ status: "DENIED", reason: "INDIVISIBLE" }), asked, unit).verdict).toBe(verdict);
});

it.each([
  [52, "Yes"],
  [60, "Yes, 52 tasks of it"],
])("of 52 granted, asked %i: %s", (asked, verdict) => {
  expect(verdictOf(preview({ granted: 52 }), asked, unit).verdict).toBe(verdict);
});
