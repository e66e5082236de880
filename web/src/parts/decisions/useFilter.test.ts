import { expect, it } from "vitest";
import { readFilter } from "./useFilter";

it("reads a filter from an address", () => {
  expect(readFilter(new URLSearchParams("user=zoë&feature=chat&status=DENIED&kind=CREDIT"), "UTC")).toEqual({
    userId: "zoë",
    feature: "chat",
    status: ["DENIED"],
    kind: "CREDIT",
  });
});

it.each([
  ["2030-01-31", "UTC", "2030-01-31T00:00:00.000Z", 24],
  ["2030-01-31", "Asia/Kolkata", "2030-01-30T18:30:00.000Z", 24],
  ["2030-03-31", "Europe/Berlin", "2030-03-30T23:00:00.000Z", 23],
  ["2030-10-27", "Europe/Berlin", "2030-10-26T22:00:00.000Z", 25],
])("takes the whole of %s in %s in", (day, zone, start, hours) => {
  const { from, to } = readFilter(new URLSearchParams(`from=${day}&to=${day}`), zone);
  expect(from).toBe(start);
  expect((Date.parse(to!) - Date.parse(from!)) / 3_600_000).toBe(hours);
});

it("leaves out what the server would refuse", () => {
  expect(readFilter(new URLSearchParams("status=MAYBE&kind=GOLD&from=yesterday&to=2030-02-30&user="), "UTC")).toEqual({});
});
