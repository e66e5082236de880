import { expect, it } from "vitest";
import { pricesToCome } from "./pricesToCome";

it("lists what is still to come in the order in which it comes", () => {
  const price = (version: number, effectiveFrom: string) => ({ version, effectiveFrom });
  const prices = [price(4, "2026-03-11T12:00:00Z"), price(3, "2026-03-13T00:00:00Z"), price(2, "2026-03-12T00:00:00Z"), price(1, "2026-03-01T00:00:00Z")];
  expect(pricesToCome(prices, Date.parse("2026-03-11T12:00:00Z")).map(({ version }) => version)).toEqual([2, 3]);
  expect(pricesToCome(prices, Date.parse("2027-01-01T00:00:00Z"))).toEqual([]);
});
