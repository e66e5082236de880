import { expect, it } from "vitest";
import { grantState } from "./grantState";

const now = Date.UTC(2030, 0, 15);
const grant = { effectiveAt: "2030-01-01T00:00:00Z", expiresAt: null, voidedAt: null, remaining: "5", held: "0" };

it.each([
  [{}, "active"],
  [{ remaining: "0", held: "2" }, "active"],
  [{ remaining: "0" }, "spent"],
  [{ effectiveAt: "2030-01-15T00:00:01Z" }, "scheduled"],
  [{ expiresAt: "2030-01-15T00:00:00Z" }, "expired"],
  [{ expiresAt: "2030-01-16T00:00:00Z", remaining: "0" }, "spent"],
  [{ voidedAt: "2030-01-02T00:00:00Z", expiresAt: "2030-01-03T00:00:00Z" }, "void"],
])("%o is %s", (values, state) => {
  expect(grantState({ ...grant, ...values }, now)).toBe(state);
});
