import { describe, expect, it } from "vitest";
import { addDays, dayOf, isoIn, isZone, offsetAt, offsetName, parseDay, startOfDay, zoneName } from "./zone";

const day = 86_400_000;
const hour = 3_600_000;

/** Zones of whole, half and quarter hours; with and without summer time; with changes at midnight; beyond both date lines. */
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Havana",
  "America/Sao_Paulo",
  "America/Santiago",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Tehran",
  "Asia/Beirut",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Australia/Lord_Howe",
  "Australia/Adelaide",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
  "Pacific/Apia",
  "Pacific/Pago_Pago",
];

/** Days of ordinary years, of changes of the clocks, and of years in which zones changed their rules. */
function days(): string[] {
  const found: string[] = [];
  for (let at = "2026-01-01"; at < "2027-03-02"; at = addDays(at, 1)) found.push(at);
  for (let at = "2011-12-20"; at < "2012-01-10"; at = addDays(at, 1)) found.push(at);
  for (let at = "2018-10-25"; at < "2018-11-10"; at = addDays(at, 1)) found.push(at);
  return found;
}

describe.each(zones)("the days of %s", (zone) => {
  it("begin where the clocks first show them, and follow one another without a gap", () => {
    for (const date of days()) {
      const start = startOfDay(date, zone);
      const next = startOfDay(addDays(date, 1), zone);
      expect(dayOf(start - 1, zone) < date, `${date} begins no later than ${new Date(start).toISOString()}`).toBe(true);
      // Pacific/Apia had no 30 December 2011: such a day is empty.
      if (next === start) continue;
      expect(dayOf(start, zone), date).toBe(date);
      expect(next - start, date).toBeGreaterThanOrEqual(20 * hour);
      expect(next - start, date).toBeLessThanOrEqual(26 * hour);
    }
  });

  it("hold each instant once", () => {
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2026, 11, 31); at += 7 * hour + 13 * 60_000) {
      const date = dayOf(at, zone);
      expect(startOfDay(date, zone)).toBeLessThanOrEqual(at);
      expect(startOfDay(addDays(date, 1), zone)).toBeGreaterThan(at);
    }
  });
});

it.each([
  ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z", 23],
  ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z", 25],
  ["2026-11-30", "Asia/Kolkata", "2026-11-29T18:30:00.000Z", 24],
  ["2026-11-30", "Asia/Kathmandu", "2026-11-29T18:15:00.000Z", 24],
  // Clocks go from midnight to one: the day begins at one.
  ["2026-03-29", "Asia/Beirut", "2026-03-28T22:00:00.000Z", 23],
  // Clocks go from one back to midnight: it comes twice, and the first one counts.
  ["2026-11-01", "America/Havana", "2026-11-01T04:00:00.000Z", 25],
  // Half an hour of summer time.
  ["2026-04-05", "Australia/Lord_Howe", "2026-04-04T13:00:00.000Z", 24.5],
  ["2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00.000Z", 0],
])("%s in %s begins at %s and has %d hours", (date, zone, start, hours) => {
  expect(new Date(startOfDay(date, zone)).toISOString()).toBe(start);
  expect((startOfDay(addDays(date, 1), zone) - startOfDay(date, zone)) / hour).toBe(hours);
});

it("counts days across months and leap years", () => {
  expect([addDays("2028-02-28", 1), addDays("2027-02-28", 1), addDays("2030-01-01", -1)]).toEqual(["2028-02-29", "2027-03-01", "2029-12-31"]);
});

it("takes no day that is none", () => {
  expect(["2030-01-31", "2030-02-30", "2030-13-01", "yesterday", "2030-1-1", "", null].map(parseDay)).toEqual([
    "2030-01-31",
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});

it("names a zone with what it is ahead of UTC at that time", () => {
  const [winter, summer] = [Date.UTC(2030, 0, 15), Date.UTC(2030, 6, 15)];
  expect(zoneName("UTC", winter)).toBe("UTC");
  expect(zoneName("Europe/Berlin", winter)).toBe("Europe/Berlin (UTC+1)");
  expect(zoneName("Europe/Berlin", summer)).toBe("Europe/Berlin (UTC+2)");
  expect(zoneName("America/St_Johns", winter)).toBe("America/St Johns (UTC−3:30)");
  expect(offsetName(winter, "Europe/London")).toBe("UTC");
});

describe("an instant in a file", () => {
  it.each([
    ["UTC", "2030-01-31T12:00:00Z", "2030-01-31T12:00:00Z"],
    ["Asia/Kolkata", "2030-01-31T12:00:00.123456Z", "2030-01-31T17:30:00.123456+05:30"],
    ["America/St_Johns", "2030-01-01T00:00:00.5Z", "2029-12-31T20:30:00.5-03:30"],
    ["Europe/Berlin", "2030-10-27T00:30:00Z", "2030-10-27T02:30:00+02:00"],
    ["Europe/Berlin", "2030-10-27T01:30:00Z", "2030-10-27T02:30:00+01:00"],
  ])("in %s: %s is %s", (zone, text, written) => {
    expect(isoIn(zone, text)).toBe(written);
  });

  it.each(zones)("of %s is the same instant", (zone) => {
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += day / 3 + 61_000) {
      expect(Date.parse(isoIn(zone, new Date(at).toISOString()))).toBe(at);
      expect(Math.abs(offsetAt(at, zone)) <= 14 * hour).toBe(true);
    }
  });
});

it("knows a zone from what is none", () => {
  expect(["Europe/Berlin", "UTC", "Mars/Olympus"].map(isZone)).toEqual([true, true, false]);
});
