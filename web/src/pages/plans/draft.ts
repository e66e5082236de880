import { durationSeconds, largestUnit, toDuration, type DurationUnit } from "../../format/duration";
import { newKey } from "../../format/key";
import { readQuantity } from "../../format/typed";
import type { BucketKind, BucketScope, CalendarPeriod, PlanFieldsFragment, PlanInput } from "../../gql/graphql";

/** A plan while it is edited: what a person typed, also where it is not right yet. */
export interface Draft {
  key: string;
  name: string;
  features: DraftFeature[];
}

export interface DraftFeature {
  feature: string;
  waterfall: DraftBucket[];
  ceilings: DraftWindow[];
}

export interface DraftBucket {
  /** Only for the page: which row is which while they change places. */
  id: string;
  kind: BucketKind;
  key: string;
  scope: BucketScope;
  windows: DraftWindow[];
  quota: string;
  period: CalendarPeriod;
}

export interface DraftWindow {
  id: string;
  limit: string;
  length: string;
  unit: DurationUnit;
}

export function newWindow(limit = "", length = "1", unit: DurationUnit = "hour"): DraftWindow {
  return { id: newKey(), limit, length, unit };
}

export function newBucket(kind: BucketKind, taken: string[]): DraftBucket {
  const stem = { RATE_LIMIT: "limit", FREE_TIER: "free", PROMOTION: "promotion", ENTITLEMENT: "entitlement", CREDIT: "credits" }[kind];
  let key = stem;
  for (let number = 2; taken.includes(key); number += 1) key = `${stem}-${number}`;
  const ownLimit = kind === "RATE_LIMIT" || kind === "FREE_TIER";
  return {
    id: newKey(),
    kind,
    key,
    scope: ownLimit ? "USER" : "ACCOUNT",
    windows: kind === "RATE_LIMIT" ? [newWindow()] : [],
    quota: "",
    period: "MONTH",
  };
}

export function toDraft({ key, name, features }: PlanFieldsFragment): Draft {
  return {
    key,
    name,
    features: features.map(({ feature, waterfall, ceilings }) => ({
      feature: feature.key,
      ceilings: ceilings.map(draftWindow),
      waterfall: waterfall.map((bucket) => ({
        id: newKey(),
        kind: bucket.kind,
        key: bucket.key,
        scope: bucket.scope,
        windows: bucket.windows.map(draftWindow),
        quota: bucket.quota === null ? "" : String(bucket.quota),
        period: bucket.period ?? "MONTH",
      })),
    })),
  };
}

function draftWindow({ limit, duration }: { limit: number; duration: string }): DraftWindow {
  const { value, unit } = largestUnit(durationSeconds(duration) ?? 1);
  return newWindow(String(limit), String(value), unit);
}

/** The draft as the API takes it, or the first thing that is not filled in rightly. */
export function fromDraft({ key, name, features }: Draft, locale?: string): { input: PlanInput } | { problem: string } {
  const problems: string[] = [];
  const quantity = (text: string, place: string): number => {
    const typed = readQuantity(text, 1, locale);
    if ("quantity" in typed) return typed.quantity;
    problems.push(`${place}: ${typed.problem}`);
    return 0;
  };
  const windows = (drafts: DraftWindow[], place: string) =>
    drafts.map(({ limit, length, unit }) => ({
      limit: quantity(limit, `${place}, limit`),
      duration: toDuration(quantity(length, `${place}, duration`), unit),
    }));
  if (!/^[A-Za-z0-9._:@/-]{1,128}$/.test(key)) problems.push("The plan needs a key of letters, digits and . _ : @ / -");
  if (!name.trim()) problems.push("The plan needs a name.");
  const input: PlanInput = {
    key,
    name: name.trim(),
    features: features.map(({ feature, waterfall, ceilings }) => ({
      feature,
      waterfall: waterfall.map((bucket) => ({
        kind: bucket.kind,
        key: bucket.key,
        scope: bucket.scope,
        windows: bucket.kind === "RATE_LIMIT" ? windows(bucket.windows, `${feature}, ${bucket.key}`) : [],
        quota: bucket.kind === "FREE_TIER" ? quantity(bucket.quota, `${feature}, ${bucket.key}, quota`) : null,
        period: bucket.kind === "FREE_TIER" ? bucket.period : null,
      })),
      ceilings: windows(ceilings, `${feature}, ceiling`),
    })),
  };
  const [problem] = problems;
  return problem === undefined ? { input } : { problem };
}

/** The list with one item at another place. */
export function move<T>(list: T[], from: number, to: number): T[] {
  const moved = [...list];
  const [item] = moved.splice(from, 1);
  if (item !== undefined) moved.splice(to, 0, item);
  return moved;
}
