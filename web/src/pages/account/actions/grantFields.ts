import { fromMicros, isCredits, isZero, toMicros } from "../../../format/credits";
import type { BucketKind, CalendarPeriod, Denomination, GrantInput } from "../../../gql/graphql";

/** A grant as a person fills it in. */
export interface Fields {
  kind: BucketKind;
  denomination: Denomination;
  amount: string;
  feature: string;
  priority: string;
  effectiveAt: string;
  expiresAt: string;
  recurrence: CalendarPeriod | "";
  rolloverLimit: string;
  note: string;
  reference: string;
}

/** An empty form. */
export const start: Fields = {
  kind: "CREDIT",
  denomination: "CREDITS",
  amount: "",
  feature: "",
  priority: "100",
  effectiveAt: "",
  expiresAt: "",
  recurrence: "",
  rolloverLimit: "",
  note: "",
  reference: "",
};

/** Credits are always in credits; units always belong to a feature. */
export function normal(fields: Fields): Fields {
  return fields.kind === "CREDIT" ? { ...fields, denomination: "CREDITS" } : fields;
}

/** Whether the fields can be sent; `now` in milliseconds, for an end that must lie ahead. */
export function isValid({ amount, denomination, feature, priority, effectiveAt, expiresAt, rolloverLimit }: Fields, now: number): boolean {
  const whole = denomination === "CREDITS" || /^\d+$/.test(amount);
  const ordered = !expiresAt || Date.parse(expiresAt) > (effectiveAt ? Date.parse(effectiveAt) : now);
  return (
    isCredits(amount) &&
    !isZero(amount) &&
    !amount.startsWith("-") &&
    whole &&
    (denomination === "CREDITS" || feature !== "") &&
    /^-?\d{1,9}$/.test(priority) &&
    ordered &&
    (rolloverLimit === "" || isCredits(rolloverLimit))
  );
}

/** What the fields say, as createGrant takes it. */
export function toInput(fields: Fields): Omit<GrantInput, "accountId" | "idempotencyKey" | "reason"> {
  return {
    kind: fields.kind,
    denomination: fields.denomination,
    amount: canonical(fields.amount),
    features: fields.feature ? [fields.feature] : null,
    priority: Number(fields.priority),
    effectiveAt: toMoment(fields.effectiveAt),
    expiresAt: toMoment(fields.expiresAt),
    recurrence: fields.recurrence || null,
    rolloverLimit: fields.recurrence && fields.rolloverLimit ? canonical(fields.rolloverLimit) : null,
    note: fields.note.trim() || null,
    reference: fields.reference.trim() || null,
  };
}

/** As the API writes amounts: without the zeros that a person may type. */
function canonical(amount: string): string {
  return fromMicros(toMicros(amount));
}

function toMoment(local: string): string | null {
  return local ? new Date(local).toISOString() : null;
}
