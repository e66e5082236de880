import { forDrawing, isZero } from "../../format/credits";

const day = 86_400_000;

/** How many days ahead the server is asked to look. */
export const forecastDays = 60;

/** What the server foresees of an account's credits. */
export interface Forecast {
  runsOutAt?: string | null;
  runsOutEarliest?: string | null;
  runsOutLatest?: string | null;
  perDay: string;
  basis: string;
  points: { at: string; available: string }[];
}

export interface BurnPoint {
  at: number;
  /** What was there, for the past. */
  balance: number | null;
  /** What will be, for the future; both at the moment that joins them. */
  forecast: number | null;
}

/** From when until when the credits may run out; null where they do not in the time drawn. */
export interface Range {
  from: number;
  to: number;
}

/** The line to draw: what was there on past days, now, and what the server foresees, as far as `days` reach. */
export function burnLine(past: { at: number; available: string }[], available: string, forecast: Forecast, now: number): BurnPoint[] {
  const line: BurnPoint[] = past.map(({ at, available: was }) => ({ at, balance: forDrawing(was), forecast: null }));
  line.push({ at: now, balance: forDrawing(available), forecast: null });
  const end = now + daysDrawn(forecast, now) * day;
  const ahead = forecast.points
    .map((point) => ({ at: Date.parse(point.at), available: point.available }))
    .filter(({ at }) => at > now && at <= end);
  const out = forecast.runsOutAt ? Date.parse(forecast.runsOutAt) : end;
  const behind = ahead.findIndex(({ at }) => at > out);
  // The line comes to nothing at the very moment, not at the end of that day.
  if (behind >= 0 && out > now && isZero(ahead[behind]!.available)) ahead.splice(behind, 0, { at: out, available: "0" });
  // A line that stays at nothing says nothing.
  if (isZero(available) && ahead.every((point) => isZero(point.available))) return line;
  line.at(-1)!.forecast = forDrawing(available);
  return [...line, ...ahead.map(({ at, available: left }) => ({ at, balance: null, forecast: forDrawing(left) }))];
}

/** The band to draw beside the line: when the credits run out after fast days, and after slow ones. */
export function runsOutRange(forecast: Forecast, now: number): Range | null {
  if (!forecast.runsOutEarliest) return null;
  const end = now + daysDrawn(forecast, now) * day;
  const from = Date.parse(forecast.runsOutEarliest);
  return from > end ? null : { from, to: Math.min(end, forecast.runsOutLatest ? Date.parse(forecast.runsOutLatest) : end) };
}

/** Two weeks, or as long as it takes to run out and a little more. */
function daysDrawn({ runsOutAt, runsOutEarliest, runsOutLatest }: Forecast, now: number): number {
  const last = runsOutLatest ?? runsOutAt ?? runsOutEarliest;
  const days = last ? Math.ceil((Date.parse(last) - now) / day) + 2 : 0;
  return Math.min(forecastDays, Math.max(14, days));
}
