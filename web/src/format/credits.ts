/**
 * Credits are exact decimals that travel as strings, with at most six fraction digits.
 * They are added and compared as whole millionths in BigInt; a float never carries one
 * that is shown. (Charts turn them into numbers, for the height of a bar alone.)
 */
const scale = 1_000_000n;

const shape = /^-?\d+(\.\d{1,6})?$/;

/** Whether a text is an amount as the API writes and takes them. */
export function isCredits(text: string): boolean {
  return shape.test(text);
}

/** The amount in millionths. Throws on a text that is no amount: the API never sends one. */
export function toMicros(credits: string): bigint {
  if (!shape.test(credits)) throw new RangeError(`not an amount of credits: ${credits}`);
  const negative = credits.startsWith("-");
  const [whole = "0", fraction = ""] = credits.replace("-", "").split(".");
  const micros = BigInt(whole) * scale + BigInt(fraction.padEnd(6, "0"));
  return negative ? -micros : micros;
}

/** Back to the API's form: no exponent, no trailing zeros. */
export function fromMicros(micros: bigint): string {
  const negative = micros < 0n;
  const size = negative ? -micros : micros;
  const fraction = (size % scale).toString().padStart(6, "0").replace(/0+$/, "");
  return `${negative ? "-" : ""}${size / scale}${fraction ? `.${fraction}` : ""}`;
}

export function addCredits(...amounts: string[]): string {
  return fromMicros(amounts.reduce((sum, amount) => sum + toMicros(amount), 0n));
}

export function subtractCredits(from: string, amount: string): string {
  return fromMicros(toMicros(from) - toMicros(amount));
}

export function isZero(credits: string): boolean {
  return toMicros(credits) === 0n;
}

/**
 * For people, in their locale: every digit that counts, and at least two after the
 * point when there is a fraction at all ("12.50", "1,200", "0.000001").
 */
export function formatCredits(credits: string, locale?: string): string {
  const fraction = credits.split(".")[1] ?? "";
  return withMinus(
    new Intl.NumberFormat(locale, {
      minimumFractionDigits: fraction ? Math.max(2, fraction.length) : 0,
      maximumFractionDigits: 6,
    }).format(credits as Intl.StringNumericLiteral),
  );
}

/** A real minus, which is as wide as a plus and is not broken from its number. */
function withMinus(text: string): string {
  return text.replace("-", "−");
}

/** How many digits after the point a column of amounts needs, so that its points stand below each other. */
export function digitsOf(amounts: string[]): number {
  const longest = Math.max(0, ...amounts.map((amount) => amount.split(".")[1]?.length ?? 0));
  return longest === 0 ? 0 : Math.max(2, longest);
}

/** An amount of a column with so many digits after the point. */
export function formatFixed(credits: string, digits: number, locale?: string): string {
  return withMinus(
    new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: 6 }).format(credits as Intl.StringNumericLiteral),
  );
}

/** An amount with its word: "1 credit", "2.50 credits", "no credits". */
export function withCredits(credits: string, locale?: string): string {
  if (isZero(credits)) return "no credits";
  return `${formatCredits(credits, locale)} ${credits === "1" ? "credit" : "credits"}`;
}

/** Like formatCredits, with the sign always shown: what an entry did to a balance. */
export function formatSigned(credits: string, locale?: string): string {
  const text = formatCredits(credits, locale);
  return toMicros(credits) > 0n ? `+${text}` : text.replace(/^-/, "−");
}

/** For what is an estimate anyhow: two digits after the point, or the first that counts of a very small amount. */
export function formatAbout(credits: string, locale?: string): string {
  const small = Math.abs(forDrawing(credits)) < 0.01;
  return new Intl.NumberFormat(locale, small ? { maximumSignificantDigits: 1 } : { maximumFractionDigits: 2 }).format(
    credits as Intl.StringNumericLiteral,
  );
}

/** Only for drawing: the nearest number, which may round. */
export function forDrawing(credits: string): number {
  return Number(credits);
}
