import { forDrawing, isZero } from "../../format/credits";
import type { BucketFieldsFragment, BucketKind, PlanBucketFragment, StepFieldsFragment } from "../../gql/graphql";
import { bucketName } from "../words/words";

/**
 * How a bucket stands in the waterfall at this moment:
 * pays: the next unit comes from it · empty: used up, so requests fall through it ·
 * ready: it has something, but another pays first · none: the account holds nothing of it.
 */
export type VesselState = "pays" | "empty" | "ready" | "none";

export interface Vessel {
  key: string;
  kind: BucketKind;
  name: string;
  state: VesselState;
  bucket: BucketFieldsFragment | null;
}

/**
 * The plan's buckets in order with what the server says of each. Which one pays is read from the
 * server's preview of one unit, never worked out here.
 */
export function vessels(plan: PlanBucketFragment[], buckets: BucketFieldsFragment[], steps: StepFieldsFragment[] | undefined): Vessel[] {
  return plan.map((entry) => {
    const bucket = buckets.find(({ key, kind }) => key === entry.key && kind === entry.kind) ?? null;
    const step = steps?.find(({ bucketKey, kind }) => bucketKey === entry.key && kind === entry.kind);
    return { key: entry.key, kind: entry.kind, name: bucketName(entry), bucket, state: stateOf(bucket, step) };
  });
}

function stateOf(bucket: BucketFieldsFragment | null, step: StepFieldsFragment | undefined): VesselState {
  if (step && step.taken > 0) return "pays";
  if (!bucket) return step && step.available > 0 ? "ready" : "none";
  if (bucket.remaining > 0) return "ready";
  return isCounter(bucket) || wasGiven(bucket) ? "empty" : "none";
}

/** A rate limit or a free tier, which counts what is taken; the other kinds are grants that are drawn on. */
export function isCounter({ kind }: { kind: BucketKind }): boolean {
  return kind === "RATE_LIMIT" || kind === "FREE_TIER";
}

/** Whether a pool holds something of which this feature could be paid, or did. */
function wasGiven({ included, includedUsed, credits, creditsUsed }: BucketFieldsFragment): boolean {
  return included > 0 || includedUsed > 0 || !isZero(credits ?? "0") || !isZero(creditsUsed ?? "0");
}

/** Whether anything was taken of what comes back by itself or was given. */
export function isUsed({ includedUsed, creditsUsed }: BucketFieldsFragment): boolean {
  return includedUsed > 0 || !isZero(creditsUsed ?? "0");
}

/** The units that the credits in a pool pay for: what remains besides those that are included. */
export function affordable({ remaining, included }: Pick<BucketFieldsFragment, "remaining" | "included">): number {
  return Math.max(0, remaining - included);
}

/** The earliest moment at which any of the counters gets a unit back. */
export function nextRefill(buckets: BucketFieldsFragment[]): string | null {
  return earliest(buckets.filter(isCounter).map(({ nextRefillAt }) => nextRefillAt));
}

/** The moment at which all that refills is back. */
export function fullAgain(buckets: BucketFieldsFragment[]): string | null {
  const moments = buckets.filter(isCounter).flatMap(({ resetsAt }) => (resetsAt ? [resetsAt] : []));
  return moments.reduce<string | null>((latest, at) => (latest === null || Date.parse(at) > Date.parse(latest) ? at : latest), null);
}

/** The moment at which the next recurring grant is issued. */
export function nextRenewal(buckets: BucketFieldsFragment[]): string | null {
  return earliest(buckets.map(({ renewsAt }) => renewsAt));
}

function earliest(moments: (string | null)[]): string | null {
  return moments.reduce<string | null>(
    (first, at) => (at !== null && (first === null || Date.parse(at) < Date.parse(first)) ? at : first),
    null,
  );
}

/** Of several windows the one that binds: with least room, and of those alike the one that keeps one waiting longest. */
export function tightWindow({ windows }: BucketFieldsFragment): BucketFieldsFragment["windows"][number] | null {
  if (windows.length < 2) return null;
  return windows.reduce((tight, window) => {
    if (window.remaining !== tight.remaining) return window.remaining < tight.remaining ? window : tight;
    return Date.parse(window.nextRefillAt ?? "") > Date.parse(tight.nextRefillAt ?? "") ? window : tight;
  });
}

/** How full a vessel is, 0 to 1: what is left of what there was, in units, or where credits pay in credits. */
export function level({ bucket, state }: Vessel): number {
  if (!bucket || state === "none" || bucket.remaining <= 0) return 0;
  if (bucket.limit !== null) return share(bucket.remaining, Math.max(0, bucket.limit - bucket.remaining));
  const credits = forDrawing(bucket.credits ?? "0");
  return credits > 0 ? share(credits, forDrawing(bucket.creditsUsed ?? "0")) : share(bucket.included, bucket.includedUsed);
}

function share(left: number, used: number): number {
  return left + used > 0 ? Math.min(1, left / (left + used)) : 0;
}
