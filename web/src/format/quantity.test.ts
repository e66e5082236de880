import { expect, it } from "vitest";
import { formatShare, parseQuantity, unitFor, withUnit } from "./quantity";

it.each([
  [1, "message", "1 message"],
  [2, "message", "2 messages"],
  [1, "messages", "1 message"],
  [1200, "tokens", "1,200 tokens"],
  [3, "GB", "3 GB"],
  [0, "image", "0 images"],
])("%i %s reads %s", (quantity, unit, shown) => {
  expect(withUnit(quantity, unit, "en-US")).toBe(shown);
});

it("leaves a unit alone that is no plain word", () => {
  expect(unitFor(1, "access")).toBe("access");
  expect(unitFor(2, "kWh/day")).toBe("kWh/day");
});

it.each([
  ["5", 5],
  [" 12 ", 12],
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", null],
  ["0", null],
  ["1.5", null],
  ["-1", null],
  ["", null],
])("an address’s %j is %s", (text, quantity) => {
  expect(parseQuantity(text)).toBe(quantity);
});

it("writes shares", () => {
  expect(formatShare(0, 0, "en-US")).toBe("0%");
  expect(formatShare(1, 3, "en-US")).toBe("33%");
  expect(formatShare(1, 500, "en-US")).toBe("0.2%");
});
