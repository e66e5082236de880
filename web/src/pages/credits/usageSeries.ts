import { fromMicros, toMicros } from "../../format/credits";
import type { BucketKind } from "../../gql/graphql";

/** What was used within an interval, and what was refunded in it; as the API tells it, in sums of any size. */
export interface UsagePoint {
  start: string;
  feature: string;
  kind: BucketKind;
  total: string;
  credits: string;
  refunded: string;
  refundedCredits: string;
}

export type StackBy = "feature" | "kind";
export type Measure = "quantity" | "credits";

/** Net is what was used less what was refunded in the same interval; gross leaves refunds out. */
export type Side = "net" | "gross";

/** One column of the chart: the instant at which it begins, and for each series the exact amount, in units or millionths. */
export interface Column {
  at: number;
  amounts: Map<string, bigint>;
}

export interface Stack {
  /** One for each interval, in order of time. */
  columns: Column[];
  /** The series that are not nothing everywhere, in the order of the points. */
  series: string[];
  totals: Map<string, bigint>;
}

/** Columns by the instant at which they begin, one series for each feature or bucket that occurs. Every sum is exact. */
export function stackUsage(points: UsagePoint[], by: StackBy, measure: Measure, side: Side): Stack {
  const columns = new Map<number, Column>();
  const totals = new Map<string, bigint>();
  const occurs = new Set<string>();
  for (const point of points) {
    const at = Date.parse(point.start);
    const column = columns.get(at) ?? { at, amounts: new Map<string, bigint>() };
    columns.set(at, column);
    const name = point[by];
    const amount = amountOf(point, measure, side);
    if (amount !== 0n) occurs.add(name);
    column.amounts.set(name, (column.amounts.get(name) ?? 0n) + amount);
    totals.set(name, (totals.get(name) ?? 0n) + amount);
  }
  const series = [...new Set(points.map((point) => point[by]))].filter((name) => occurs.has(name));
  return { columns: [...columns.values()].sort((a, b) => a.at - b.at), series, totals };
}

function amountOf({ total, credits, refunded, refundedCredits }: UsagePoint, measure: Measure, side: Side): bigint {
  const gross = measure === "quantity" ? BigInt(total) : toMicros(credits);
  if (side === "gross") return gross;
  return gross - (measure === "quantity" ? BigInt(refunded) : toMicros(refundedCredits));
}

/** An amount as the API would write it. */
export function written(amount: bigint, measure: Measure): string {
  return measure === "quantity" ? String(amount) : fromMicros(amount);
}

/** Only for drawing: the nearest number, which may round. */
export function height(amount: bigint, measure: Measure): number {
  return Number(written(amount, measure));
}

export interface CreditSums {
  spent: string;
  refunded: string;
  net: string;
}

/** What was spent, refunded and both together: the figures that the ledger's entries of the time add up to. */
export function creditSums(points: UsagePoint[]): CreditSums {
  const spent = points.reduce((sum, { credits }) => sum + toMicros(credits), 0n);
  const refunded = points.reduce((sum, { refundedCredits }) => sum + toMicros(refundedCredits), 0n);
  return { spent: fromMicros(spent), refunded: fromMicros(refunded), net: fromMicros(spent - refunded) };
}

/** The columns from the first one in which something was used, but at least so many. */
export function withoutEmptyStart(columns: Column[], atLeast = 7): Column[] {
  const first = columns.findIndex(({ amounts }) => [...amounts.values()].some((amount) => amount !== 0n));
  return first <= 0 ? columns : columns.slice(Math.max(0, Math.min(first, columns.length - atLeast)));
}
