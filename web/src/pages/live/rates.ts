import { toMicros } from "../../format/credits";
import type { BucketKind, DecisionRowFragment, Reason } from "../../gql/graphql";

/** One decision as the page counts it. */
export interface Sample {
  /** When it arrived here, in milliseconds by this page's clock. */
  arrivedAt: number;
  account: Account;
  denied: boolean;
  reason: Reason;
  kinds: BucketKind[];
  /** What it drew, in millionths; 0 while it is on hold. */
  charged: bigint;
}

export interface Account {
  id: string;
  name: string;
}

export interface Rates {
  count: number;
  perSecond: number;
  denied: number;
  byKind: [BucketKind, number][];
  byReason: [Reason, number][];
  /** The accounts with the most denials, and how many. */
  mostDenied: [Account, number][];
  /** The accounts that spent the most, and how many millionths. */
  mostSpent: [Account, bigint][];
}

function toSample(node: DecisionRowFragment, arrivedAt: number): Sample {
  return {
    arrivedAt,
    account: node.account,
    denied: node.status === "DENIED",
    reason: node.reason,
    kinds: [...new Set(node.steps.filter(({ taken }) => taken > 0).map(({ kind }) => kind))],
    charged: node.status === "HELD" ? 0n : toMicros(node.charged),
  };
}

/** The decisions of the last while by their id, in order of arrival. */
export type Samples = Map<string, Sample>;

/** Counts a decision that was made within the last so many milliseconds, once: later edges change it in its place. */
export function count(samples: Samples, node: DecisionRowFragment, serverTime: number, withinMs: number): void {
  const known = samples.get(node.id);
  if (!known && Date.parse(node.createdAt) <= serverTime - withinMs) return;
  samples.set(node.id, toSample(node, known?.arrivedAt ?? Date.now()));
}

/** Lets go of what arrived at that moment or before. */
export function forget(samples: Samples, until: number): void {
  for (const [id, { arrivedAt }] of samples) {
    if (arrivedAt > until) return;
    samples.delete(id);
  }
}

const top = 5;

/** What the samples add up to, over the milliseconds in which they were gathered. */
export function rates(samples: Sample[], overMs: number): Rates {
  const byKind = new Map<BucketKind, number>();
  const byReason = new Map<Reason, number>();
  const accounts = new Map<string, { account: Account; denied: number; spent: bigint }>();
  for (const { account, denied, reason, kinds, charged } of samples) {
    const sum = accounts.get(account.id) ?? { account, denied: 0, spent: 0n };
    accounts.set(account.id, sum);
    sum.spent += charged;
    if (denied) {
      sum.denied += 1;
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    } else for (const kind of kinds) byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  }
  const all = [...accounts.values()];
  return {
    count: samples.length,
    perSecond: samples.length / (overMs / 1000),
    denied: samples.filter(({ denied }) => denied).length,
    byKind: [...byKind].sort((a, b) => b[1] - a[1]),
    byReason: [...byReason].sort((a, b) => b[1] - a[1]),
    mostDenied: all
      .filter(({ denied }) => denied > 0)
      .map(({ account, denied }): [Account, number] => [account, denied])
      .sort((a, b) => b[1] - a[1] || byId(a[0], b[0]))
      .slice(0, top),
    mostSpent: all
      .filter(({ spent }) => spent > 0n)
      .map(({ account, spent }): [Account, bigint] => [account, spent])
      .sort((a, b) => (a[1] === b[1] ? byId(a[0], b[0]) : a[1] < b[1] ? 1 : -1))
      .slice(0, top),
  };
}

function byId(a: Account, b: Account): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/**
 * Two shares of a whole that add up to it also after rounding: 99.6 and 0.4, never 100 and 0.4. In tenths of
 * a percent where one is small; what is there at all is never told as 0.
 */
export function twoShares(one: number, other: number): [number, number] {
  const whole = one + other;
  if (whole === 0) return [0, 0];
  const small = Math.min(one, other) / whole;
  const steps = small > 0 && small < 0.01 ? 1000 : 100;
  const part = Math.round((Math.min(one, other) / whole) * steps);
  const smaller = (small > 0 ? Math.max(1, part) : 0) / steps;
  const larger = Math.round((1 - smaller) * 1000) / 1000;
  return one <= other ? [smaller, larger] : [larger, smaller];
}
