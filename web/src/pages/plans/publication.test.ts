import { expect, it } from "vitest";
import { publicationOf } from "./publication";

it("finds who published a version, and nobody where the log does not tell", () => {
  const entry = (action: string, after: unknown) => ({ actor: "root", action, reason: "r", after });
  const wanted = entry("publishPlan", { key: "pro", version: 3 });
  const entries = [entry("publishPlan", { key: "pro", version: 4 }), entry("upsertFeature", { key: "pro", version: 3 }), entry("publishPlan", null), wanted];
  expect(publicationOf(entries, { key: "pro", version: 3 })).toBe(wanted);
  expect(publicationOf(entries, { key: "plus", version: 3 })).toBeNull();
});
