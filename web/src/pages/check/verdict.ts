import { formatQuantity, withUnit } from "../../format/quantity";
import type { FeatureFieldsFragment, PreviewFieldsFragment } from "../../gql/graphql";

export interface Verdict {
  verdict: string;
  sentence: string;
  denied: boolean;
}

/**
 * Yes, in part, not at once, or no. What one request cannot get single requests may, one after the other: an
 * indivisible feature takes each of them from another source.
 */
export function verdictOf(preview: PreviewFieldsFragment, asked: number, { unit }: Pick<FeatureFieldsFragment, "unit">): Verdict {
  const { status, granted, maxQuantity, oneByOne, explanation } = preview;
  if (status === "DENIED" && asked <= oneByOne) {
    const most = maxQuantity > 0 ? `Not in one request (${formatQuantity(maxQuantity)} at most)` : "Not in one request";
    return { verdict: "Yes, but not at once", sentence: `${most}; ${formatQuantity(asked)} one after the other: yes.`, denied: false };
  }
  if (status === "DENIED") return { verdict: "No, not now", sentence: explanation, denied: true };
  if (granted < asked) return { verdict: `Yes, ${withUnit(granted, unit)} of it`, sentence: explanation, denied: false };
  return { verdict: "Yes", sentence: explanation, denied: false };
}
