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
  if (step?.reason === "NOT_APPLICABLE") return "none";
  if (!bucket) return step && step.available > 0 ? "ready" : "none";
  if (bucket.remaining > 0) return "ready";
  return bucket.used > 0 || bucket.limit !== null ? "empty" : "none";
}

/** The earliest moment at which any of the free buckets gets a unit back. */
export function nextRefill(buckets: BucketFieldsFragment[]): string | null {
  return earliest(buckets.filter(({ kind }) => kind !== "CREDIT").map(({ nextRefillAt }) => nextRefillAt));
}

/** The moment at which all that refills is back. */
export function fullAgain(buckets: BucketFieldsFragment[]): string | null {
  const moments = buckets.filter(({ kind }) => kind !== "CREDIT").flatMap(({ resetsAt }) => (resetsAt ? [resetsAt] : []));
  return moments.reduce<string | null>((latest, at) => (latest === null || Date.parse(at) > Date.parse(latest) ? at : latest), null);
}

function earliest(moments: (string | null)[]): string | null {
  return moments.reduce<string | null>(
    (first, at) => (at !== null && (first === null || Date.parse(at) < Date.parse(first)) ? at : first),
    null,
  );
}

/** How much a bucket holds when nothing of it is used: its limit, or what the open grants were given with. */
export function sizeOf({ limit, used, remaining }: Pick<BucketFieldsFragment, "limit" | "used" | "remaining">): number {
  return limit ?? used + remaining;
}

/** How high the water stands in a vessel, 0 to 1: what is left of its size. */
export function level({ bucket, state }: Vessel): number {
  if (!bucket || state === "none" || bucket.remaining <= 0) return 0;
  return Math.min(1, bucket.remaining / sizeOf(bucket));
}
