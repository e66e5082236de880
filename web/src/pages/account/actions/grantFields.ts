import { isZero } from "../../../format/credits";
import { readAmount } from "../../../format/typed";
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

/** A typed amount as the API takes it; null where it is none, or has two meanings. */
export function amountOf(text: string): string | null {
  const typed = readAmount(text);
  return "amount" in typed && !typed.amount.startsWith("-") ? typed.amount : null;
}

/** Whether the fields can be sent; `now` in milliseconds, for an end that must lie ahead. */
export function isValid(fields: Fields, now: number): boolean {
  const { denomination, feature, priority, effectiveAt, expiresAt, rolloverLimit } = fields;
  const amount = amountOf(fields.amount);
  const ordered = !expiresAt || Date.parse(expiresAt) > (effectiveAt ? Date.parse(effectiveAt) : now);
  return (
    amount !== null &&
    !isZero(amount) &&
    (denomination === "CREDITS" || (feature !== "" && /^\d+$/.test(amount))) &&
    /^-?\d{1,9}$/.test(priority) &&
    ordered &&
    (rolloverLimit === "" || amountOf(rolloverLimit) !== null)
  );
}

/** What valid fields say, as createGrant takes it. */
export function toInput(fields: Fields): Omit<GrantInput, "accountId" | "idempotencyKey" | "reason"> {
  return {
    kind: fields.kind,
    denomination: fields.denomination,
    amount: amountOf(fields.amount) ?? "",
    features: fields.feature ? [fields.feature] : null,
    priority: Number(fields.priority),
    effectiveAt: toMoment(fields.effectiveAt),
    expiresAt: toMoment(fields.expiresAt),
    recurrence: fields.recurrence || null,
    rolloverLimit: fields.recurrence && fields.rolloverLimit ? amountOf(fields.rolloverLimit) : null,
    note: fields.note.trim() || null,
    reference: fields.reference.trim() || null,
  };
}

/** The last minute of the month of `now`, as a field for a date and a time writes it in the reader's own zone. */
export function endOfMonth(now: Date): string {
  const last = new Date(now.getFullYear(), now.getMonth() + 1, 0);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${last.getFullYear()}-${two(last.getMonth() + 1)}-${two(last.getDate())}T23:59`;
}

function toMoment(local: string): string | null {
  return local ? new Date(local).toISOString() : null;
}
