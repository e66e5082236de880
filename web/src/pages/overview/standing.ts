import { formatCredits, isZero, withCredits } from "../../format/credits";
import { formatQuantity, unitFor, withUnit } from "../../format/quantity";
import type { FeatureFieldsFragment, PreviewFieldsFragment, Reason } from "../../gql/graphql";
import { bucketName, reasonWords } from "../../parts/words/words";
import { isCounter, type Vessel } from "../../parts/waterfall/flow";

/** What a feature's row says at a glance. */
export interface Standing {
  lead: string;
  rest: string | null;
  tone: "free" | "paid" | "deny";
}

const deniedWords: Partial<Record<Reason, string>> = {
  EXHAUSTED: "Used up",
  INSUFFICIENT_CREDITS: "Credits needed",
};

/**
 * How many are included and what each costs afterwards, from the server's preview of one unit: what it
 * charges decides whether something is paid for, whatever the kind of source it comes from.
 */
export function standingOf(preview: PreviewFieldsFragment, feature: FeatureFieldsFragment, suspended: boolean): Standing {
  if (suspended) return { lead: "Suspended", rest: "nothing can be used", tone: "deny" };
  if (preview.status === "DENIED") return denied(preview.reason, feature);
  const { included, oneByOne } = preview;
  const { unit } = feature;
  if (included > 0) {
    return {
      lead: `${formatQuantity(included)} included ${unitFor(included, unit)} left`,
      rest: oneByOne > included ? `then ${priceEach(feature)}` : null,
      tone: "free",
    };
  }
  return { lead: capitalized(priceEach(feature)), rest: `≈ ${withUnit(oneByOne, unit)} affordable`, tone: "paid" };
}

function denied(reason: Reason, { price }: FeatureFieldsFragment): Standing {
  if (reason === "INSUFFICIENT_CREDITS" && !price) return { lead: "Used up", rest: "no price is set, so credits cannot pay", tone: "deny" };
  return { lead: deniedWords[reason] ?? reasonWords[reason], rest: null, tone: "deny" };
}

/** "0.05 credits each", "2 credits per 10 seconds". */
export function priceEach({ price, unit }: FeatureFieldsFragment): string {
  if (!price) return "no price";
  return price.per === 1 ? `${withCredits(price.credits)} each` : `${withCredits(price.credits)} per ${withUnit(price.per, unit)}`;
}

/** Where the next unit comes from: "Included in your plan (5-hour limit)", "0.05 credits from your credits". */
export function sourceOf(preview: PreviewFieldsFragment, strip: Vessel[]): string | null {
  const vessel = strip.find(({ state }) => state === "pays");
  if (!vessel) return null;
  if (!isZero(preview.charged)) {
    const from = vessel.kind === "CREDIT" ? "your balance" : `your ${vessel.name.toLowerCase()}`;
    return `${formatCredits(preview.charged)} credits for the next one, from ${from}`;
  }
  if (isCounter(vessel)) return `Included in your plan (${vessel.name})`;
  return `Free right now, from your ${bucketName(vessel).toLowerCase()}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
