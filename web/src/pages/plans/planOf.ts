import type { FeatureFieldsFragment, PlanFieldsFragment, PlanInput } from "../../gql/graphql";

/** A plan that is not published yet, in the form of one that is: to show and compare it the same way. */
export function planOf({ key, name, features }: PlanInput, known: FeatureFieldsFragment[]): PlanFieldsFragment {
  return {
    key,
    name,
    version: 0,
    publishedAt: "",
    features: features.map(({ feature, waterfall, ceilings }) => ({
      feature: known.find((one) => one.key === feature) ?? { key: feature, name: feature, unit: "unit", divisible: true, price: null },
      waterfall: waterfall.map((bucket) => ({
        kind: bucket.kind,
        key: bucket.key,
        scope: bucket.scope ?? "USER",
        windows: bucket.windows ?? [],
        quota: bucket.quota ?? null,
        period: bucket.period ?? null,
      })),
      ceilings: ceilings ?? [],
    })),
  };
}
