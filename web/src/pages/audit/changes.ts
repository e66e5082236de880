export interface FieldChange {
  path: string;
  /** null: there was nothing. */
  before: string | null;
  after: string | null;
}

/** The fields that differ between two JSON values, by their path. */
export function changedFields(before: unknown, after: unknown, path = ""): FieldChange[] {
  if (JSON.stringify(before ?? null) === JSON.stringify(after ?? null)) return [];
  if (isObject(before) || isObject(after)) {
    const one = isObject(before) ? before : {};
    const other = isObject(after) ? after : {};
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return names.flatMap((name) => changedFields(one[name], other[name], path ? `${path}.${name}` : name));
  }
  return [{ path: path || "value", before: show(before), after: show(after) }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
