import { expect, it } from "vitest";
import { burnLine, runsOutRange, type Forecast } from "./forecast";

const now = Date.UTC(2030, 0, 15);
const day = 86_400_000;
const at = (days: number) => new Date(now + days * day).toISOString();

function foreseen(available: string[], times: Partial<Forecast> = {}): Forecast {
  return { perDay: "2", basis: "", points: available.map((left, index) => ({ at: at(index + 1), available: left })), ...times };
}

it("joins what was there to what the server foresees", () => {
  const line = burnLine([{ at: now - day, available: "12" }], "5", foreseen(["3", "11", "9"]), now);
  expect(line.map((point) => [(point.at - now) / day, point.balance, point.forecast])).toEqual([
    [-1, 12, null],
    [0, 5, 5],
    [1, null, 3],
    [2, null, 11],
    [3, null, 9],
  ]);
});

it("comes to nothing at the very moment", () => {
  const line = burnLine([], "5", foreseen(["3", "0"], { runsOutAt: at(1.25) }), now);
  expect(line.map((point) => [(point.at - now) / day, point.forecast])).toEqual([
    [0, 5],
    [1, 3],
    [1.25, 0],
    [2, 0],
  ]);
});

it("draws two weeks, or until the credits have run out on slow days too", () => {
  const sixty = Array.from({ length: 60 }, () => "9");
  expect(burnLine([], "9", foreseen(sixty), now)).toHaveLength(1 + 14);
  expect(burnLine([], "9", foreseen(sixty, { runsOutAt: at(20), runsOutLatest: at(29.5) }), now)).toHaveLength(1 + 32);
  expect(burnLine([], "9", foreseen(sixty, { runsOutAt: at(59) }), now)).toHaveLength(1 + 60);
});

it("draws no flat line at nothing, but what will be issued", () => {
  expect(burnLine([], "0", foreseen(["0", "0"]), now)).toEqual([{ at: now, balance: 0, forecast: null }]);
  expect(burnLine([], "0", foreseen(["0", "5"]), now)).toHaveLength(3);
});

it.each([
  ["from fast days to slow ones", { runsOutEarliest: at(2), runsOutAt: at(3), runsOutLatest: at(6) }, [2, 6]],
  ["to the edge where slow days last", { runsOutEarliest: at(2), runsOutAt: at(3) }, [2, 14]],
  ["not at all where even fast days last", {}, null],
])("draws the range %s", (_, times, days) => {
  const range = runsOutRange(foreseen([], times), now);
  expect(range && [(range.from - now) / day, (range.to - now) / day]).toEqual(days);
});
