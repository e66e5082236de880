import { expect, it } from "vitest";
import { readFilter } from "./useFilter";

it("reads a filter from an address", () => {
  expect(readFilter(new URLSearchParams("user=zoë&feature=chat&status=DENIED&kind=CREDIT"))).toEqual({
    userId: "zoë",
    feature: "chat",
    status: ["DENIED"],
    kind: "CREDIT",
  });
});

it("takes the last day in, by the reader's own midnights", () => {
  const { from, to } = readFilter(new URLSearchParams("from=2030-01-31&to=2030-01-31"));
  expect(Date.parse(to!) - Date.parse(from!)).toBe(86_400_000);
  expect(new Date(from!).getHours()).toBe(0);
});

it("leaves out what the server would refuse", () => {
  expect(readFilter(new URLSearchParams("status=MAYBE&kind=GOLD&from=yesterday&to=2030-1-1&user="))).toEqual({});
});
