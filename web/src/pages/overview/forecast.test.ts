import { expect, it } from "vitest";
import { burnLine, dailySpend, runsOutAt } from "./forecast";

const now = Date.UTC(2030, 0, 15);
const day = 86_400_000;

it("averages what was spent, exactly", () => {
  expect(
    dailySpend(
      [
        { start: "", credits: "0.1" },
        { start: "", credits: "0.6" },
      ],
      7,
    ),
  ).toBe("0.1");
  expect(dailySpend([], 7)).toBe("0");
});

it.each([
  ["10", "2.5", now + 4 * day],
  ["0", "2.5", now],
  ["10", "0", null],
  ["1000000", "0.000001", null],
])("%s credits at %s a day run out at %s", (available, daily, at) => {
  expect(runsOutAt(available, daily, now)).toBe(at);
});

it("draws down to nothing, and stops at the moment when nothing is left", () => {
  const line = burnLine([{ at: now - day, available: "12" }], "5", "2", now);
  expect(line.map(({ at, balance, forecast }) => [(at - now) / day, balance, forecast])).toEqual([
    [-1, 12, null],
    [0, 5, 5],
    [1, null, 3],
    [2, null, 1],
    [2.5, null, 0],
  ]);
});

it("draws no further than its horizon", () => {
  const line = burnLine([], "100", "1", now, 3);
  expect(line.map(({ forecast }) => forecast)).toEqual([100, 99, 98, 97]);
});

it("draws no forecast where nothing is spent", () => {
  expect(burnLine([], "5", "0", now)).toHaveLength(1);
});
