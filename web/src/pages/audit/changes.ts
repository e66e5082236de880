export interface FieldChange {
  path: string;
  /** null: there was nothing. */
  before: string | null;
  after: string | null;
}

/**
 * The fields that differ between two JSON values, by their path. The items of a list that have a key of their own, as
 * the features of a plan and the buckets of a waterfall do, are held against each other by it, and their order besides.
 */
export function changedFields(before: unknown, after: unknown, path = ""): FieldChange[] {
  if (JSON.stringify(before ?? null) === JSON.stringify(after ?? null)) return [];
  const [one, other] = [named(before), named(after)];
  if ((one ?? other) !== null && (one !== null || isNone(before)) && (other !== null || isNone(after))) {
    const fields = changedFields(Object.fromEntries(one ?? []), Object.fromEntries(other ?? []), path);
    const order = (list: Named | null, beside: Named | null) =>
      (list ?? []).map(([name]) => name).filter((name) => beside?.some(([known]) => known === name));
    const [was, is] = [order(one, other).join(", "), order(other, one).join(", ")];
    return was === is ? fields : [...fields, { path: `${path}, in order`, before: was, after: is }];
  }
  if (isObject(before) || isObject(after)) {
    const [left, right] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    return names.flatMap((name) => changedFields(left[name], right[name], path ? `${path}.${name}` : name));
  }
  return [{ path: path || "value", before: show(before), after: show(after) }];
}

type Named = [name: string, item: unknown][];

/** The items of a list by the key that each has; null where that is no such list. */
function named(value: unknown): Named | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const items = value.map((item): [unknown, unknown] => [isObject(item) ? (item.feature ?? item.key) : null, item]);
  const keys = new Set(items.map(([name]) => name));
  return keys.size === items.length && items.every(([name]) => typeof name === "string") ? (items as Named) : null;
}

function isNone(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
