import type { PlanFieldsFragment } from "../../gql/graphql";

/** The newest version of each plan, whatever else the server lists. */
export function newest(plans: PlanFieldsFragment[]): PlanFieldsFragment[] {
  const byKey = new Map<string, PlanFieldsFragment>();
  for (const plan of plans) {
    const known = byKey.get(plan.key);
    if (!known || known.version < plan.version) byKey.set(plan.key, plan);
  }
  return [...byKey.values()];
}
