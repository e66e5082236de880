import { expect, it } from "vitest";
import { stackUsage, type UsagePoint } from "./usageSeries";

const points: UsagePoint[] = [
  { start: "2030-01-02T00:00:00Z", feature: "chat", kind: "CREDIT", quantity: 2, credits: "0.2" },
  { start: "2030-01-01T00:00:00Z", feature: "chat", kind: "RATE_LIMIT", quantity: 5, credits: "0" },
  { start: "2030-01-01T00:00:00Z", feature: "image", kind: "CREDIT", quantity: 1, credits: "0.1" },
  { start: "2030-01-03T00:00:00Z", feature: "chat", kind: "CREDIT", quantity: 0, credits: "0" },
];

it("stacks by feature, with empty columns kept", () => {
  const { columns, series, totals } = stackUsage(points, "feature", "quantity");
  expect(series).toEqual(["chat", "image"]);
  expect(columns.map(({ start, chat, image }) => [start.slice(8, 10), chat, image])).toEqual([
    ["01", 5, 1],
    ["02", 2, 0],
    ["03", 0, 0],
  ]);
  expect(totals).toEqual({ chat: "7", image: "1" });
});

it("adds credits exactly, and leaves out what cost nothing", () => {
  const { series, totals } = stackUsage(points, "kind", "credits");
  expect(series).toEqual(["CREDIT"]);
  expect(totals).toEqual({ CREDIT: "0.3" });
});
