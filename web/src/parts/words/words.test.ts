import { expect, it } from "vitest";
import { bucketName } from "./words";

it.each([
  [{ kind: "RATE_LIMIT", key: "chat-5h", windows: [{ duration: "PT5H" }] }, "5-hour limit"],
  [{ kind: "RATE_LIMIT", key: "chat", windows: [{ duration: "PT5H" }, { duration: "P7D" }] }, "5-hour + 7-day limit"],
  [{ kind: "RATE_LIMIT", key: "chat" }, "Rate limit chat"],
  [{ kind: "FREE_TIER", key: "free", period: "MONTH" }, "Monthly free tier"],
  [{ kind: "ENTITLEMENT", key: "contract" }, "Contract allowance"],
  [{ kind: "CREDIT", key: "credits" }, "Credits"],
] as const)("%o is called %s", (bucket, name) => {
  expect(bucketName({ ...bucket, windows: "windows" in bucket ? [...bucket.windows] : undefined })).toBe(name);
});
