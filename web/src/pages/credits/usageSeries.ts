import { addCredits, forDrawing } from "../../format/credits";
import type { BucketKind } from "../../gql/graphql";

export interface UsagePoint {
  start: string;
  feature: string;
  kind: BucketKind;
  quantity: number;
  credits: string;
}

export type StackBy = "feature" | "kind";
export type Measure = "quantity" | "credits";

/** One column of the chart: its start, and a height for each series. */
export interface Column {
  start: string;
  [series: string]: number | string;
}

/** Columns in order of time, one series for each feature or bucket that occurs at all. */
export function stackUsage(
  points: UsagePoint[],
  by: StackBy,
  measure: Measure,
): { columns: Column[]; series: string[]; totals: Record<string, string> } {
  const columns = new Map<string, Column>();
  const totals: Record<string, string> = {};
  for (const point of points) {
    const column = columns.get(point.start) ?? { start: point.start };
    columns.set(point.start, column);
    const amount = measure === "quantity" ? String(point.quantity) : point.credits;
    if (forDrawing(amount) === 0) continue;
    const name = point[by];
    column[name] = ((column[name] as number | undefined) ?? 0) + forDrawing(amount);
    totals[name] = addCredits(totals[name] ?? "0", amount);
  }
  const ordered = [...columns.values()].sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  const series = [...new Set(points.map((point) => point[by]))].filter((name) => totals[name]);
  for (const column of ordered) for (const name of series) column[name] ??= 0;
  return { columns: ordered, series, totals };
}
