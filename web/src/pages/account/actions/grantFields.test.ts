import { expect, it } from "vitest";
import { endOfMonth, isValid, normal, start, toInput, type Fields } from "./grantFields";

const now = Date.parse("2030-01-15T12:00");
const fields = (values: Partial<Fields>): Fields => ({ ...start, amount: "5", ...values });

it.each<[boolean, Partial<Fields>]>([
  [true, {}],
  [true, { amount: "0.000001" }],
  [false, { amount: "" }],
  [false, { amount: "0" }],
  [false, { amount: "-1" }],
  [false, { amount: "1,5" }],
  [false, { amount: "1,000" }],
  [true, { amount: "1,000.00" }],
  [false, { amount: "0.0000001" }],
  [true, { kind: "PROMOTION", denomination: "UNITS", feature: "chat", amount: "12" }],
  [false, { kind: "PROMOTION", denomination: "UNITS", feature: "chat", amount: "1.5" }],
  [false, { kind: "PROMOTION", denomination: "UNITS", feature: "" }],
  [true, { priority: "-5" }],
  [false, { priority: "first" }],
  [true, { expiresAt: "2030-01-15T12:01" }],
  [false, { expiresAt: "2030-01-15T11:59" }],
  [false, { effectiveAt: "2030-02-01T00:00", expiresAt: "2030-01-20T00:00" }],
  [false, { rolloverLimit: "some" }],
])("says %s to a grant with %o", (valid, values) => {
  expect(isValid(fields(values), now)).toBe(valid);
});

it("keeps credits in credits", () => {
  expect(normal(fields({ kind: "CREDIT", denomination: "UNITS" })).denomination).toBe("CREDITS");
  expect(normal(fields({ kind: "ENTITLEMENT", denomination: "UNITS" })).denomination).toBe("UNITS");
});

it("writes amounts as the API does and leaves out what is empty", () => {
  expect(toInput(fields({ amount: "5.50", note: "  Thanks ", rolloverLimit: "3" }))).toEqual({
    kind: "CREDIT",
    denomination: "CREDITS",
    amount: "5.5",
    features: null,
    priority: 100,
    effectiveAt: null,
    expiresAt: null,
    recurrence: null,
    rolloverLimit: null,
    note: "Thanks",
    reference: null,
  });
  const input = toInput(fields({ feature: "chat", recurrence: "MONTH", rolloverLimit: "3.0", effectiveAt: "2030-02-01T00:00" }));
  expect(input).toMatchObject({ features: ["chat"], recurrence: "MONTH", rolloverLimit: "3" });
  expect(input.effectiveAt).toBe(new Date(2030, 1, 1).toISOString());
});

it("sends what a grouped amount means", () => {
  expect(toInput(fields({ amount: "1,234.50" })).amount).toBe("1234.5");
});

it.each([
  [new Date(2030, 1, 3), "2030-02-28T23:59"],
  [new Date(2030, 11, 31, 23, 58), "2030-12-31T23:59"],
])("the month of %s ends at %s", (now, end) => {
  expect(endOfMonth(now)).toBe(end);
});
