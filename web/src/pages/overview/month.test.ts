import { expect, it } from "vitest";
import { monthOf } from "./month";

it.each([
  ["2030-01-31T23:30:00Z", "UTC", "January", "2030-01-01T00:00:00.000Z", "2030-02-01T00:00:00.000Z"],
  ["2030-01-31T23:30:00Z", "Europe/Berlin", "February", "2030-01-31T23:00:00.000Z", "2030-02-28T23:00:00.000Z"],
  ["2030-12-31T12:00:00Z", "Asia/Kolkata", "December", "2030-11-30T18:30:00.000Z", "2030-12-31T18:30:00.000Z"],
  ["2030-03-15T12:00:00Z", "Europe/Berlin", "March", "2030-02-28T23:00:00.000Z", "2030-03-31T22:00:00.000Z"],
])("%s in %s is in %s", (at, zone, name, from, to) => {
  expect(monthOf(Date.parse(at), zone)).toEqual({ name, from, to });
});
