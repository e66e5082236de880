import { describe, expect, it } from "vitest";
import { durationAdjective, durationPer, durationSeconds, largestUnit, toDuration } from "./duration";
import { formatClock, formatCountdown, formatDayHead, formatElapsed, formatExact, formatMoment, formatRelative } from "./time";

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
    expect(formatCountdown(milliseconds)).toBe(shown);
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
    expect(formatRelative(now + distance, now)).toBe(shown);
  });
});

describe("a moment", () => {
  const now = Date.UTC(2030, 0, 15, 12); // a Tuesday
  it.each([
    ["2030-01-15T15:02:11Z", "Europe/Berlin", "16:02"],
    ["2030-01-15T15:02:11Z", "UTC", "15:02"],
    ["2030-01-15T15:02:11Z", "Asia/Kolkata", "20:32"],
    // Still the 15th in UTC, and tomorrow already in Kolkata.
    ["2030-01-15T19:00:00Z", "Asia/Kolkata", "tomorrow, 00:30"],
    ["2030-01-14T22:30:00Z", "UTC", "yesterday, 22:30"],
    ["2030-01-14T23:30:00Z", "Europe/Berlin", "00:30"],
    ["2030-01-16T00:00:00Z", "Europe/Berlin", "tomorrow, 01:00"],
    ["2030-01-21T12:10:00Z", "Europe/Berlin", "Mon 13:10"],
    ["2030-01-22T12:10:00Z", "Europe/Berlin", "22 Jan, 13:10"],
    ["2030-01-12T12:10:00Z", "Europe/Berlin", "12 Jan, 13:10"],
    ["2029-12-31T12:10:00Z", "Europe/Berlin", "31 Dec 2029, 13:10"],
  ])("%s reads in %s: %s", (at, zone, shown) => {
    expect(formatMoment(Date.parse(at), now, zone, { locale: "en-GB" })).toBe(shown);
  });

  it("has its seconds where they matter, and the clock of the reader's region", () => {
    const at = Date.UTC(2030, 0, 15, 15, 2, 11);
    expect(formatClock(at, "UTC", { seconds: true, locale: "en-GB" })).toBe("15:02:11");
    expect(formatClock(at, "UTC", { locale: "en-US" })).toMatch(/^3:02\sPM$/);
    expect(formatExact(at, "Asia/Kolkata", "en-GB")).toBe("15 Jan 2030, 20:32:11 GMT+5:30");
  });

  it.each([
    ["2030-01-15T11:00:00Z", "UTC", "Today, 15 Jan"],
    ["2030-01-14T23:30:00Z", "UTC", "Yesterday, 14 Jan"],
    ["2030-01-14T23:30:00Z", "Europe/Berlin", "Today, 15 Jan"],
    ["2030-01-12T10:00:00Z", "UTC", "Saturday, 12 Jan"],
    ["2029-12-31T10:00:00Z", "UTC", "Monday, 31 Dec 2029"],
  ])("%s stands in %s under %s", (at, zone, head) => {
    expect(formatDayHead(Date.parse(at), now, zone, "en-GB")).toBe(head);
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
