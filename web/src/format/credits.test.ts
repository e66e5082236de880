import { describe, expect, it } from "vitest";
import {
  addCredits,
  digitsOf,
  formatAbout,
  formatCredits,
  formatFixed,
  formatSigned,
  fromMicros,
  isCredits,
  isZero,
  subtractCredits,
  toMicros,
  withCredits,
} from "./credits";

describe("credits", () => {
  it.each([
    ["0", 0n],
    ["12.5", 12_500_000n],
    ["0.000001", 1n],
    ["-0.1", -100_000n],
    ["9223372036854.775807", 9_223_372_036_854_775_807n],
  ])("%s is %s millionths, and back", (credits, micros) => {
    expect(toMicros(credits)).toBe(micros);
    expect(fromMicros(micros)).toBe(credits);
  });

  it.each(["", "1e3", ".5", "1.", "1.0000001", "1,5", "NaN", " 1"])("refuses %j", (text) => {
    expect(isCredits(text)).toBe(false);
    expect(() => toMicros(text)).toThrow(RangeError);
  });

  it("adds where floats would not", () => {
    expect(addCredits("0.1", "0.2")).toBe("0.3");
    expect(addCredits()).toBe("0");
    expect(subtractCredits("9007199254740993.000001", "0.000001")).toBe("9007199254740993");
    expect(isZero(subtractCredits("1.5", "1.5"))).toBe(true);
  });

  it.each([
    ["1200", "en-US", "1,200"],
    ["12.5", "en-US", "12.50"],
    ["12.5", "de-DE", "12,50"],
    ["0.000001", "en-US", "0.000001"],
    ["9007199254740993.000001", "en-US", "9,007,199,254,740,993.000001"],
    ["-3.25", "en-US", "−3.25"],
  ])("shows %s in %s as %s", (credits, locale, shown) => {
    expect(formatCredits(credits, locale)).toBe(shown);
  });

  it.each([
    ["6.267857", "6.27"],
    ["0.000042", "0.00004"],
    ["0", "0"],
  ])("estimates %s as about %s", (credits, shown) => {
    expect(formatAbout(credits, "en-US")).toBe(shown);
  });

  it.each([
    ["1", "1 credit"],
    ["2.5", "2.50 credits"],
    ["0", "no credits"],
    ["0.5", "0.50 credits"],
  ])("calls %s %s", (credits, shown) => {
    expect(withCredits(credits, "en-US")).toBe(shown);
  });

  it("always shows the sign of an entry", () => {
    expect(formatSigned("2.5", "en-US")).toBe("+2.50");
    expect(formatSigned("-2.5", "en-US")).toBe("−2.50");
    expect(formatSigned("0", "en-US")).toBe("0");
  });
});

it("gives a column as many digits as its longest amount needs", () => {
  const column = ["70", "66.8", "73.205"];
  expect(digitsOf(column)).toBe(3);
  expect(column.map((amount) => formatFixed(amount, digitsOf(column), "en-US"))).toEqual(["70.000", "66.800", "73.205"]);
  expect(digitsOf(["70", "5"])).toBe(0);
  expect(digitsOf([])).toBe(0);
});
