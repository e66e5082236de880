/** A whole quantity in the reader's locale. */
export function formatQuantity(quantity: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(quantity);
}

/** "1 message", "3 messages": a quantity with a feature's unit, which the API gives in the singular or plural as the admin wrote it. */
export function withUnit(quantity: number, unit: string, locale?: string): string {
  return `${formatQuantity(quantity, locale)} ${unitFor(quantity, unit)}`;
}

/** The unit's word alone. Only a plain trailing s is taken for a plural: anything cleverer would be wrong for some unit. */
export function unitFor(quantity: number, unit: string): string {
  const plural = unit.endsWith("s") && !unit.endsWith("ss");
  if (quantity === 1) return plural && unit.length > 3 ? unit.slice(0, -1) : unit;
  return plural || unit.endsWith("ss") || !/^[a-z]{3,}$/i.test(unit) ? unit : `${unit}s`;
}

/** The quantity that an address names, or null: whole, from `least` up to 2^53 − 1. */
export function parseQuantity(text: string, least = 1): number | null {
  if (!/^\d{1,16}$/.test(text.trim())) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= least ? value : null;
}

/** A share of a whole as a percentage without fraction digits; 0 of 0 is none. */
export function formatShare(part: number, whole: number, locale?: string): string {
  const share = whole === 0 ? 0 : part / whole;
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: share > 0 && share < 0.01 ? 1 : 0 }).format(share);
}
