import { describe, expect, it } from "vitest";
import { inWords, readAmount, readQuantity, writtenSafely } from "./typed";

describe("a typed amount", () => {
  it.each([
    ["en-US", "1000", "1000"],
    ["en-US", "1234.5", "1234.5"],
    ["en-US", "1,234.50", "1234.5"],
    ["en-US", "1,234,567", "1234567"],
    ["en-US", "12.345678", "12.345678"],
    ["en-US", "0.125", "0.125"],
    ["en-US", " 5 ", "5"],
    ["en-US", "−3", "-3"],
    ["en-US", "007", "7"],
    ["de-DE", "1000", "1000"],
    ["de-DE", "1,5", "1.5"],
    ["de-DE", "1.234,50", "1234.5"],
    ["de-DE", "1.234.567", "1234567"],
    ["de-DE", "0,125", "0.125"],
    ["fr-FR", "1 234,5", "1234.5"],
    ["fr-FR", "1\u202f000", "1000"],
    ["de-CH", "1’234.50", "1234.5"],
    ["de-CH", "1'000", "1000"],
    ["en-IN", "12,34,567.5", "1234567.5"],
    ["ar-EG", "١٢٫٥", "12.5"],
  ])("in %s, %s is %s", (locale, text, amount) => {
    expect(readAmount(text, locale)).toEqual({ amount });
  });

  it.each([
    ["de-DE", "1.000", ["1", "1000"]],
    ["en-US", "1,000", ["1000", "1"]],
    ["en-US", "12,500", ["12500", "12.5"]],
    ["fr-FR", "1.000", ["1", "1000"]],
    ["de-CH", "1,000", ["1000", "1"]],
  ])("in %s, %s has two meanings and is refused with both", (locale, text, readings) => {
    const typed = readAmount(text, locale);
    expect(typed).toMatchObject({ readings });
    for (const reading of readings) expect((typed as { problem: string }).problem).toContain(writtenSafely(reading, locale));
  });

  it.each([
    ["de-DE", "1.5", ["1.5"], "1,5"],
    ["de-DE", "1,234.50", ["1234.5"], "1234,5"],
    ["en-US", "1,5", ["1.5"], "1.5"],
    ["en-US", "1.234,50", ["1234.5"], "1234.5"],
    ["en-US", "1.234.567", ["1234567"], "1234567"],
    ["de-DE", "0.125", ["0.125"], "0,125"],
  ])("in %s, %s is another region's and is asked about", (locale, text, readings, shown) => {
    const typed = readAmount(text, locale);
    expect(typed).toMatchObject({ readings });
    expect((typed as { problem: string }).problem).toContain(shown);
  });

  it.each(["abc", "1e3", "1..5", "5.", ",5", "--1", "1,00,0.5.5", "0.1234567"])("%s is no amount", (text) => {
    expect(readAmount(text, "en-US")).toMatchObject({ readings: [], problem: expect.stringMatching(/./) as string });
  });

  it("that is empty is no problem yet", () => {
    expect(readAmount("  ", "en-US")).toEqual({ problem: "", readings: [] });
  });

  it("means what the region prints, for every way that it prints an amount", () => {
    for (const locale of ["en-US", "de-DE", "fr-FR", "de-CH", "en-IN", "es-ES", "pl-PL", "pt-BR", "sv-SE", "ja-JP", "ar-EG", "hi-IN-u-nu-deva"]) {
      for (const amount of ["1", "12.5", "999.25", "123456.789012", "1234567", "0.000001"]) {
        const typed = readAmount(writtenSafely(amount, locale), locale);
        expect([locale, typed]).toEqual([locale, { amount }]);
        const grouped = readAmount(new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(amount as "1"), locale);
        expect([locale, amount, grouped]).toEqual([locale, amount, { amount }]);
      }
    }
  });
});

describe("a typed quantity", () => {
  it.each([
    ["58", { quantity: 58 }],
    ["1,234,567", { quantity: 1234567 }],
    ["9007199254740991", { quantity: 9007199254740991 }],
  ])("%s", (text, read) => {
    expect(readQuantity(text, 1, "en-US")).toEqual(read);
  });

  it.each(["", "0", "1.5", "-1", "9007199254740992", "many"])("“%s” is refused", (text) => {
    expect(readQuantity(text, 1, "en-US")).toMatchObject({ problem: expect.stringMatching(/./) as string });
  });

  it("with two meanings is refused with both", () => {
    expect(readQuantity("1.000", 1, "de-DE")).toMatchObject({ readings: ["1", "1000"] });
  });
});

it.each([
  ["0", "zero"],
  ["1", "one"],
  ["1000", "one thousand"],
  ["1234.5", "one thousand two hundred thirty-four point five"],
  ["20", "twenty"],
  ["110000", "one hundred ten thousand"],
  ["1000000.05", "one million point zero five"],
  ["-3", "minus three"],
])("%s is %s in words", (amount, words) => {
  expect(inWords(amount)).toBe(words);
});
