import { describe, expect, it } from "vitest";
import { durationAdjective, durationPer, durationSeconds, largestUnit, toDuration } from "./duration";
import { formatCountdown, formatElapsed, formatRelative } from "./time";

describe("a countdown", () => {
  it.each([
    [0, "0 sec"],
    [1, "1 sec"],
    [41_500, "42 sec"],
    [60_000, "1 min"],
    [252_000, "4 min 12 sec"],
    [3 * 3_600_000 + 5 * 60_000 + 9_000, "3 hr 5 min"],
    [52 * 3_600_000, "2 days 4 hr"],
    [-5_000, "0 sec"],
  ])("of %i ms reads %s", (milliseconds, shown) => {
    expect(formatCountdown(milliseconds, "en-US")).toBe(shown);
  });
});

it.each([
  [0, "0 ms"],
  [38.4, "38 ms"],
  [1_240, "1.2 sec"],
])("%d ms that something took read %s", (milliseconds, shown) => {
  expect(formatElapsed(milliseconds, "en-US")).toBe(shown);
});

describe("a relative time", () => {
  const now = Date.UTC(2030, 0, 15, 12);
  it.each([
    [0, "now"],
    [-4_000, "now"],
    [-30_000, "30 seconds ago"],
    [-120_000, "2 minutes ago"],
    [3 * 3_600_000, "in 3 hours"],
    [-86_400_000, "yesterday"],
    [-90 * 86_400_000, "3 months ago"],
  ])("%i ms away reads %s", (distance, shown) => {
    expect(formatRelative(now + distance, now, "en-US")).toBe(shown);
  });
});

describe("a duration", () => {
  it.each([
    ["PT5H", 18_000, "5-hour", "5 hours"],
    ["PT1H", 3_600, "1-hour", "hour"],
    ["P7D", 604_800, "7-day", "7 days"],
    ["P1W", 604_800, "7-day", "7 days"],
    ["PT90S", 90, "90-second", "90 seconds"],
    ["P1DT1H", 90_000, "25-hour", "25 hours"],
  ])("%s is %i seconds", (iso, seconds, adjective, per) => {
    expect(durationSeconds(iso)).toBe(seconds);
    expect(durationAdjective(iso)).toBe(adjective);
    expect(durationPer(iso)).toBe(per);
  });

  it.each(["P1M", "P1Y", "5h", "", "P", "PT"])("%j has no fixed seconds", (iso) => {
    expect(durationSeconds(iso)).toBeNull();
  });

  it("goes back to what the API takes", () => {
    for (const iso of ["PT45S", "PT30M", "PT5H", "P7D"]) {
      const { value, unit } = largestUnit(durationSeconds(iso)!);
      expect(toDuration(value, unit)).toBe(iso);
    }
  });
});
