import { addCredits, forDrawing, fromMicros, isZero, toMicros } from "../../format/credits";

const day = 86_400_000;

export interface SpentPoint {
  start: string;
  credits: string;
}

/** What was spent a day on average, exactly, over whole days; "0" when nothing was. */
export function dailySpend(points: SpentPoint[], days: number): string {
  const total = addCredits(...points.map(({ credits }) => credits));
  return fromMicros(toMicros(total) / BigInt(days));
}

/** When the credits run out if spending goes on as it was; null when nothing is spent or it lies more than ten years ahead. */
export function runsOutAt(available: string, daily: string, now: number): number | null {
  if (isZero(daily)) return null;
  const days = forDrawing(available) / forDrawing(daily);
  return days > 3650 ? null : now + days * day;
}

export interface BurnPoint {
  at: number;
  /** What was there, for the past. */
  balance: number | null;
  /** What will be, for the future; both at the moment that joins them. */
  forecast: number | null;
}

/** The line to draw: what was there on past days, now, and a straight line down to nothing, or as far as `horizonDays` reach. */
export function burnLine(
  past: { at: number; available: string }[],
  available: string,
  daily: string,
  now: number,
  horizonDays = 14,
): BurnPoint[] {
  const line: BurnPoint[] = past.map(({ at, available: was }) => ({ at, balance: forDrawing(was), forecast: null }));
  line.push({ at: now, balance: forDrawing(available), forecast: forDrawing(available) });
  const rate = forDrawing(daily);
  if (rate <= 0) return line;
  for (let ahead = 1; ahead <= horizonDays; ahead += 1) {
    const left = forDrawing(available) - rate * ahead;
    if (left <= 0) {
      line.push({ at: now + (forDrawing(available) / rate) * day, balance: null, forecast: 0 });
      break;
    }
    line.push({ at: now + ahead * day, balance: null, forecast: left });
  }
  return line;
}
