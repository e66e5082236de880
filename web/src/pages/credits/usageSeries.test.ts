import { describe, expect, it } from "vitest";
import { addDays, dayOf, startOfDay } from "../../format/zone";
import { evenly, niceTicks } from "./ticks";
import { ranges, startOfHour } from "./usageRange";
import { creditSums, stackUsage, withoutEmptyStart, written, type UsagePoint } from "./usageSeries";

const nothing = { refunded: "0", refundedCredits: "0" };
const points: UsagePoint[] = [
  { start: "2030-01-02T00:00:00Z", feature: "chat", kind: "CREDIT", total: "2", credits: "0.2", ...nothing },
  { start: "2030-01-01T00:00:00Z", feature: "chat", kind: "RATE_LIMIT", total: "5", credits: "0", ...nothing },
  { start: "2030-01-01T00:00:00Z", feature: "image", kind: "CREDIT", total: "1", credits: "0.1", ...nothing },
  { start: "2030-01-03T00:00:00Z", feature: "chat", kind: "CREDIT", total: "0", credits: "0", refunded: "1", refundedCredits: "0.1" },
];

const shape = (by: "feature" | "kind", measure: "quantity" | "credits", side: "net" | "gross") => {
  const { columns, series, totals } = stackUsage(points, by, measure, side);
  const text = (name: string, amounts: Map<string, bigint>) => written(amounts.get(name) ?? 0n, measure);
  return {
    series,
    columns: columns.map(({ at, amounts }) => [new Date(at).toISOString().slice(8, 10), ...series.map((name) => text(name, amounts))]),
    totals: series.map((name) => text(name, totals)),
  };
};

describe("usage in columns", () => {
  it("is net of refunds, which count where they were made", () => {
    expect(shape("feature", "quantity", "net")).toEqual({
      series: ["chat", "image"],
      columns: [
        ["01", "5", "1"],
        ["02", "2", "0"],
        ["03", "-1", "0"],
      ],
      totals: ["6", "1"],
    });
    expect(shape("kind", "credits", "net")).toMatchObject({ series: ["CREDIT"], totals: ["0.2"] });
  });

  it("is gross where that is asked for", () => {
    expect(shape("feature", "quantity", "gross").totals).toEqual(["7", "1"]);
    expect(shape("kind", "credits", "gross").totals).toEqual(["0.3"]);
    expect(shape("kind", "credits", "gross").columns.at(-1)).toEqual(["03", "0"]);
  });

  it("adds exactly what no number holds", () => {
    const huge = (start: string): UsagePoint => ({ ...points[0]!, start, total: "9007199254740993", credits: "9007199254740.993001" });
    const { totals } = stackUsage([huge("2030-01-01T00:00:00Z"), huge("2030-01-02T00:00:00Z")], "kind", "quantity", "net");
    expect(totals.get("CREDIT")).toBe(18_014_398_509_481_986n);
    expect(creditSums([huge("2030-01-01T00:00:00Z"), huge("2030-01-02T00:00:00Z")]).net).toBe("18014398509481.986002");
  });

  it("tells what was spent, refunded and net", () => {
    expect(creditSums(points)).toEqual({ spent: "0.3", refunded: "0.1", net: "0.2" });
  });

  it("keeps a column for each instant, though two have the same words", () => {
    // The hour from two to three comes twice in Berlin on that night.
    const twice = ["2030-10-27T00:00:00Z", "2030-10-27T01:00:00Z"].map((start) => ({ ...points[0]!, start }));
    expect(stackUsage(twice, "kind", "quantity", "net").columns).toHaveLength(2);
  });

  it("begins with the first column in use, and has a week at least", () => {
    const at = (used: number[], length: number) =>
      withoutEmptyStart(Array.from({ length }, (_, place) => ({ at: place, amounts: new Map([["x", used.includes(place) ? 1n : 0n]]) }))).map(
        ({ at: place }) => place,
      );
    expect(at([20, 25], 30)[0]).toBe(20);
    expect(at([28], 30)).toHaveLength(7);
    expect(at([2], 5)).toHaveLength(5);
    expect(at([], 9)).toHaveLength(9);
  });
});

describe.each(["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "America/New_York"])(
  "the ranges in %s",
  (zone) => {
    it("hold whole days that end with today, whatever the clocks do", () => {
      for (let now = Date.UTC(2026, 0, 1, 0, 20); now < Date.UTC(2027, 0, 1); now += 31 * 3_600_000 + 7 * 60_000) {
        for (const [key, days] of [
          ["7", 7],
          ["30", 30],
          ["90", 90],
        ] as const) {
          const [from, to] = ranges[key]!.span(now, zone);
          expect(from).toBe(startOfDay(dayOf(from, zone), zone));
          expect(addDays(dayOf(from, zone), days - 1)).toBe(dayOf(now, zone));
          expect(to > now && to - now <= 60_000).toBe(true);
        }
      }
    });

    it("hold hours that begin with the clock's, and the months as they are", () => {
      for (let now = Date.UTC(2026, 0, 1, 0, 20); now < Date.UTC(2027, 0, 1); now += 41 * 3_600_000 + 7 * 60_000) {
        const [from] = ranges["1"]!.span(now, zone);
        expect(from).toBe(startOfHour(from, zone));
        const [start, end] = ranges.before!.span(now, zone);
        expect([dayOf(start, zone).slice(8), dayOf(end, zone).slice(8)]).toEqual(["01", "01"]);
        expect(dayOf(end - 1, zone).slice(0, 7)).toBe(dayOf(start, zone).slice(0, 7));
        expect(ranges.month!.span(now, zone)[0]).toBe(end);
      }
    });
  },
);

it.each([
  [0, 60, {}, [0, 20, 40, 60]],
  [0, 16, {}, [0, 5, 10, 15, 20]],
  [0, 3.2, {}, [0, 1, 2, 3, 4]],
  [0, 1.4, {}, [0, 0.5, 1, 1.5]],
  [0, 1, { whole: true }, [0, 1]],
  [0, 2, { whole: true }, [0, 1, 2]],
  [-1, 7, {}, [-2, 0, 2, 4, 6, 8]],
  [0, 0, {}, [0, 1]],
  [0, 0.000004, {}, [0, 0.000001, 0.000002, 0.000003, 0.000004]],
])("the lines from %d to %d %j are %j", (low, high, options, ticks) => {
  expect(niceTicks(low, high, options)).toEqual(ticks);
});

it("has its top line at or above whatever is drawn", () => {
  for (let high = 0.000001; high < 1e15; high *= 1.37) {
    const ticks = niceTicks(0, high);
    expect(ticks.at(-1)!).toBeGreaterThanOrEqual(high * (1 - 1e-9));
    expect(ticks.length).toBeLessThanOrEqual(6);
  }
});

it.each([
  [30, 8, [1, 5, 9, 13, 17, 21, 25, 29]],
  [7, 8, [0, 1, 2, 3, 4, 5, 6]],
  [0, 8, []],
])("of %i columns at most %i are named: %j", (count, most, named) => {
  expect(evenly(Array.from({ length: count }, (_, place) => place), most)).toEqual(named);
});
