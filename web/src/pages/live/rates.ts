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

function toSample(node: DecisionRowFragment, serverTime: number): Sample {
  return {
    arrivedAt: Date.now(),
    delay: Math.max(0, serverTime - Date.parse(node.updatedAt)),
    denied: node.status === "DENIED",
    reason: node.reason,
    kinds: [...new Set(node.steps.filter(({ taken }) => taken > 0).map(({ kind }) => kind))],
  };
}

/** The decisions of the last while by their id, in order of arrival. */
export type Samples = Map<string, Sample>;

/** Counts a decision that was made within the last so many milliseconds, once: later edges tell of its changes. */
export function count(samples: Samples, node: DecisionRowFragment, serverTime: number, withinMs: number): void {
  if (samples.has(node.id) || Date.parse(node.createdAt) <= serverTime - withinMs) return;
  samples.set(node.id, toSample(node, serverTime));
}

/** Lets go of what arrived at that moment or before. */
export function forget(samples: Samples, until: number): void {
  for (const [id, { arrivedAt }] of samples) {
    if (arrivedAt > until) return;
    samples.delete(id);
  }
}

/** What the samples add up to, over the milliseconds in which they were gathered. */
export function rates(samples: Sample[], overMs: number): Rates {
  const byKind = new Map<BucketKind, number>();
  const byReason = new Map<Reason, number>();
  for (const { denied, reason, kinds } of samples) {
    if (denied) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    else for (const kind of kinds) byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  }
  const delays = samples.map(({ delay }) => delay).sort((a, b) => a - b);
  return {
    count: samples.length,
    perSecond: samples.length / (overMs / 1000),
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
