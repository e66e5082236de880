/** The prices that take effect after a moment, the next one first. */
export function pricesToCome<P extends { effectiveFrom: string; version: number }>(prices: P[], now: number): P[] {
  return prices
    .filter(({ effectiveFrom }) => Date.parse(effectiveFrom) > now)
    .sort((a, b) => Date.parse(a.effectiveFrom) - Date.parse(b.effectiveFrom) || a.version - b.version);
}
