/** What the audit log says of a change. */
export interface Publication {
  actor: string;
  action: string;
  reason: string;
  after?: unknown;
}

/** The entry of the audit log that published a version of a plan; null where it is not among those. */
export function publicationOf<E extends Publication>(entries: E[], plan: { key: string; version: number }): E | null {
  return (
    entries.find(({ action, after }) => {
      if (action !== "publishPlan" || typeof after !== "object" || after === null) return false;
      const { key, version } = after as { key?: unknown; version?: unknown };
      return key === plan.key && version === plan.version;
    }) ?? null
  );
}
