import { addCredits, formatCredits, fromMicros, isCredits, toMicros } from "./credits";

/*
 * What a person types is read by the conventions of their region, and only where it has one meaning. "1.000" is a
 * thousand to a German and one to an Englishman: money is not guessed at.
 */

/** An amount that was typed: what the API takes, or why it was not understood and what it may have meant. */
export type Typed = { amount: string } | { problem: string; readings: string[] };

interface Signs {
  decimal: string;
  group: string;
  digits: string[];
}

const known = new Map<string, Signs>();

function signsOf(locale: string | undefined): Signs {
  const name = locale ?? "";
  let signs = known.get(name);
  if (!signs) {
    const format = new Intl.NumberFormat(locale, { useGrouping: "always" } as Intl.NumberFormatOptions);
    const parts = format.formatToParts(12_345_678.5);
    const plain = new Intl.NumberFormat(locale, { useGrouping: false });
    signs = {
      decimal: parts.find(({ type }) => type === "decimal")?.value ?? ".",
      group: spaceOr(parts.find(({ type }) => type === "group")?.value ?? ","),
      digits: Array.from({ length: 10 }, (_, digit) => plain.format(digit)),
    };
    known.set(name, signs);
  }
  return signs;
}

/** All spaces are one, and all apostrophes: keyboards do not have the one that a region prints. */
function spaceOr(text: string): string {
  return text.replace(/[\s\u00a0\u202f]/gu, " ").replace(/[’‘`´]/gu, "'");
}

/** The text in plain digits and signs, as typed at any keyboard. */
function plainly(text: string, { digits }: Signs): string {
  const plain = spaceOr(text.trim()).replace(/[−–]/gu, "-");
  return [...plain].map((sign) => (digits.includes(sign) ? String(digits.indexOf(sign)) : sign)).join("");
}

const separators = /[.,' ٫٬]/gu;

/** Reads an amount of credits in the reader's region. An empty text has a problem without words. */
export function readAmount(text: string, locale?: string): Typed {
  const signs = signsOf(locale);
  const plain = plainly(text, signs);
  if (plain === "") return { problem: "", readings: [] };
  if (!/^-?\d[\d.,' ٫٬]*$/u.test(plain)) return { problem: "Digits only, such as " + formatCredits("1234.5", locale), readings: [] };
  const own = readBy(plain, signs.decimal, signs.group);
  const used = [...new Set(plain.match(separators) ?? [])];
  if (own !== null && !isAmbiguous(plain, used, signs)) {
    return isCredits(own) ? { amount: canonical(own) } : { problem: "At most six digits after the decimal sign", readings: [] };
  }
  const readings = [...new Set(allReadings(plain).filter(isCredits).map(canonical))];
  if (readings.length === 0) return { problem: "Not a number. Write it like " + formatCredits("1234.5", locale), readings: [] };
  return { problem: problemOf(text.trim(), readings, locale), readings };
}

/** Reads a whole quantity, from `least` up to 2^53 − 1. */
export function readQuantity(text: string, least = 1, locale?: string): { quantity: number } | { problem: string; readings: string[] } {
  const typed = readAmount(text, locale);
  if ("problem" in typed) return typed.problem === "" ? { problem: wholeFrom(least, locale), readings: [] } : typed;
  const quantity = Number(typed.amount);
  return Number.isSafeInteger(quantity) && quantity >= least ? { quantity } : { problem: wholeFrom(least, locale), readings: [] };
}

function wholeFrom(least: number, locale?: string): string {
  return `A whole number from ${new Intl.NumberFormat(locale).format(least)} on`;
}

/** One group sign before three digits may as well be another region's decimal sign; so may a sign that the region does not use. */
function isAmbiguous(plain: string, used: string[], { group, decimal }: Signs): boolean {
  if (used.length === 0 || (used.length === 1 && used[0] === decimal)) return false;
  if (group !== "." && group !== ",") return false;
  return used.length === 1 && used[0] === group && plain.split(group).length === 2;
}

/** The amount by one convention, as the API writes it; null where the text does not keep to it. */
function readBy(plain: string, decimal: string, group: string): string | null {
  const [whole = "", fraction, ...more] = plain.split(decimal);
  if (more.length > 0 || fraction === "" || (fraction !== undefined && !/^\d+$/.test(fraction))) return null;
  const groups = whole.replace("-", "").split(group);
  // Also the two digits of India between the last three and the rest.
  const grouped = groups.length === 1 || (/^\d{1,3}$/.test(groups[0]!) && groups.slice(1, -1).every((part) => /^\d{2,3}$/.test(part)) && /^\d{3}$/.test(groups.at(-1)!));
  if (!grouped || !groups.every((part) => /^\d+$/.test(part)) || (groups.length > 1 && /^0/.test(groups[0]!))) return null;
  return `${whole.startsWith("-") ? "-" : ""}${groups.join("")}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** What the text means by every convention there is. */
function allReadings(plain: string): string[] {
  const found = [
    ["." as const, ","],
    [",", "."],
    [",", " "],
    [".", " "],
    [".", "'"],
    ["٫", "٬"],
  ].map(([decimal, group]) => readBy(plain, decimal!, group!));
  return found.filter((reading) => reading !== null);
}

function problemOf(text: string, readings: string[], locale?: string): string {
  const ways = readings.map((reading) => writtenSafely(reading, locale));
  return readings.length > 1
    ? `“${text}” can be read in two ways. Do you mean ${ways.join(" or ")}?`
    : `In your region this is not how a number is written. Do you mean ${ways[0]}?`;
}

/** How to write a reading so that it has one meaning: without groups. */
export function writtenSafely(amount: string, locale?: string): string {
  const fraction = amount.split(".")[1]?.length ?? 0;
  return new Intl.NumberFormat(locale, { useGrouping: false, minimumFractionDigits: fraction, maximumFractionDigits: 6 }).format(
    amount as Intl.StringNumericLiteral,
  );
}

/** The API's form: no leading and no trailing zeros. */
function canonical(amount: string): string {
  return fromMicros(toMicros(addCredits(amount)));
}

const ones = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const tens = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const scales = ["", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion"];

/** A number spelled out, as on a cheque: "one thousand two hundred thirty-four point five". */
export function inWords(amount: string): string {
  const [whole = "0", fraction] = amount.replace("-", "").split(".");
  const parts: string[] = [];
  let rest = BigInt(whole);
  for (let scale = 0; rest > 0n && scale < scales.length; scale += 1) {
    const three = Number(rest % 1000n);
    if (three > 0) parts.unshift(below1000(three) + scales[scale]!);
    rest /= 1000n;
  }
  const words = parts.join(" ") || "zero";
  const behind = fraction ? ` point ${[...fraction].map((digit) => ones[Number(digit)]).join(" ")}` : "";
  return `${amount.startsWith("-") ? "minus " : ""}${words}${behind}`;
}

function below1000(value: number): string {
  const hundreds = value >= 100 ? `${ones[Math.floor(value / 100)]} hundred` : "";
  const rest = value % 100;
  const small = rest < 20 ? ones[rest]! : `${tens[Math.floor(rest / 10)]}${rest % 10 ? `-${ones[rest % 10]}` : ""}`;
  return rest === 0 ? hundreds : [hundreds, small].filter(Boolean).join(" ");
}
