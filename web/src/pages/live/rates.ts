import type { BucketKind, DecisionRowFragment, Reason } from "../../gql/graphql";

/** One decision as the page counts it. */
export interface Sample {
  /** When it arrived here, in milliseconds by this page's clock. */
  arrivedAt: number;
  /** From the decision to its arrival on this screen, in milliseconds. */
  delay: number;
  denied: boolean;
  reason: Reason;
  kinds: BucketKind[];
}

export interface Rates {
  count: number;
  perSecond: number;
  denied: number;
  byKind: [BucketKind, number][];
  byReason: [Reason, number][];
  /** Of the delays in milliseconds; null without samples. */
  p50: number | null;
  p99: number | null;
}

export function toSample(node: DecisionRowFragment, serverTime: number): Sample {
  return {
    arrivedAt: Date.now(),
    delay: Math.max(0, serverTime - Date.parse(node.updatedAt)),
    denied: node.status === "DENIED",
    reason: node.reason,
    kinds: [...new Set(node.steps.filter(({ taken }) => taken > 0).map(({ kind }) => kind))],
  };
}

/** The samples of the last so many milliseconds; they come in order of arrival. */
export function recent(samples: Sample[], now: number, withinMs: number): Sample[] {
  const first = samples.findIndex(({ arrivedAt }) => arrivedAt > now - withinMs);
  return first < 0 ? [] : samples.slice(first);
}

export function rates(samples: Sample[], withinMs: number): Rates {
  const byKind = new Map<BucketKind, number>();
  const byReason = new Map<Reason, number>();
  for (const { denied, reason, kinds } of samples) {
    if (denied) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    else for (const kind of kinds) byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  }
  const delays = samples.map(({ delay }) => delay).sort((a, b) => a - b);
  return {
    count: samples.length,
    perSecond: samples.length / (withinMs / 1000),
    denied: samples.filter(({ denied }) => denied).length,
    byKind: [...byKind].sort((a, b) => b[1] - a[1]),
    byReason: [...byReason].sort((a, b) => b[1] - a[1]),
    p50: percentile(delays, 0.5),
    p99: percentile(delays, 0.99),
  };
}

/** The nearest-rank percentile of sorted numbers. */
export function percentile(sorted: number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
