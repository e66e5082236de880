import { expect, it } from "vitest";
import { deedOf } from "./deed";

it("says what was done, to whom", () => {
  const line = (action: string, accountId: string | null, after: unknown, before: unknown = null) => {
    const { did, whom } = deedOf({ action, accountId, before, after });
    return [did, whom].filter(Boolean).join(" ");
  };
  expect(line("setAccountStatus", "acme", { status: "SUSPENDED" })).toBe("suspended acme");
  expect(line("assignPlan", "acme", { plan: "pro" })).toBe("moved to the plan pro: acme");
  expect(line("setSpendCap", "acme", { spendCap: null })).toBe("lifted the spend cap of acme");
  expect(line("setSpendCap", "acme", { spendCap: "5" })).toBe("set the spend cap of acme");
  expect(line("setPrice", null, { feature: "chat", version: 2 })).toBe("set a price of chat");
  expect(line("publishPlan", null, { key: "pro", version: 3 })).toBe("published version 3 of the plan pro");
  expect(line("upsertFeature", null, { key: "chat" }, { key: "chat" })).toBe("changed the feature chat");
  expect(line("somethingNew", "acme", null)).toBe("somethingNew acme");
});
