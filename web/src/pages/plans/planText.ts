import { durationPer } from "../../format/duration";
import { formatQuantity } from "../../format/quantity";
import type { PlanBucketFragment, PlanFieldsFragment, PlanInput } from "../../gql/graphql";
import { kindWords, periodWords } from "../../parts/words/words";

type PlanFeature = PlanFieldsFragment["features"][number];

/** One bucket in one line: what it is, how much it gives, whom it counts, its key. */
export function bucketLine({ kind, key, scope, windows, quota, period }: PlanBucketFragment): string {
  const parts = [kindWords[kind]];
  if (windows.length > 0) parts.push(windows.map(windowText).join(" and "));
  if (quota !== null && period) parts.push(`${formatQuantity(quota)} per ${periodWords[period]}`);
  if (kind === "RATE_LIMIT" || kind === "FREE_TIER") parts.push(scope === "USER" ? "for each user" : "for the whole account");
  return `${parts.join(", ")} (${key})`;
}

export function windowText({ limit, duration }: { limit: number; duration: string }): string {
  return `${formatQuantity(limit)} per ${durationPer(duration)}`;
}

/** A feature's whole waterfall and its ceilings, a line each. */
export function featureLines({ waterfall, ceilings }: PlanFeature): string[] {
  return [...waterfall.map(bucketLine), ...ceilings.map((ceiling) => `Ceiling: ${windowText(ceiling)}`)];
}

/** A plan as publishPlan and simulatePlan take it. */
export function planInput({ key, name, features }: PlanFieldsFragment): PlanInput {
  return {
    key,
    name,
    features: features.map(({ feature, waterfall, ceilings }) => ({
      feature: feature.key,
      waterfall: waterfall.map(({ kind, key: bucketKey, scope, windows, quota, period }) => ({
        kind,
        key: bucketKey,
        scope,
        windows: windows.map(({ limit, duration }) => ({ limit, duration })),
        quota,
        period,
      })),
      ceilings: ceilings.map(({ limit, duration }) => ({ limit, duration })),
    })),
  };
}
