import type {
  AccountStatus,
  AnomalyKind,
  BalanceUpdateKind,
  BucketKind,
  CalendarPeriod,
  DecisionStatus,
  LedgerAccount,
  Reason,
} from "../../gql/graphql";
import { durationAdjective } from "../../format/duration";
import type { IconName } from "../Icon";

/** The words for what the API names in capitals. */
export const kindWords: Record<BucketKind, string> = {
  RATE_LIMIT: "Rate limit",
  FREE_TIER: "Free tier",
  PROMOTION: "Promotion",
  ENTITLEMENT: "Entitlement",
  CREDIT: "Credits",
};

/** What those who pay call a source; kindWords are the plan's own terms, for those who write plans. */
export const sourceWords: Record<BucketKind, string> = {
  ...kindWords,
  PROMOTION: "Promotional credits",
  ENTITLEMENT: "Contract allowance",
};

export const kindIcons: Record<BucketKind, IconName> = {
  RATE_LIMIT: "gauge",
  FREE_TIER: "calendar",
  PROMOTION: "gift",
  ENTITLEMENT: "contract",
  CREDIT: "coin",
};

export const kinds: BucketKind[] = ["RATE_LIMIT", "FREE_TIER", "PROMOTION", "ENTITLEMENT", "CREDIT"];

export const statusWords: Record<DecisionStatus, string> = {
  ALLOWED: "Allowed",
  DENIED: "Denied",
  HELD: "On hold",
  SETTLED: "Settled",
  RELEASED: "Released",
  EXPIRED: "Hold expired",
};

export const statuses: DecisionStatus[] = ["ALLOWED", "DENIED", "HELD", "SETTLED", "RELEASED", "EXPIRED"];

/** Of a whole decision. */
export const reasonWords: Record<Reason, string> = {
  FUNDED: "All of it was funded",
  PARTLY_FUNDED: "Part of it was funded",
  EXHAUSTED: "Nothing left that could pay",
  NOT_APPLICABLE: "Does not apply",
  INDIVISIBLE: "Never split across sources",
  CEILING_REACHED: "Limit of the plan reached",
  SPEND_CAP_REACHED: "Spend cap reached",
  INSUFFICIENT_CREDITS: "Not enough credits",
  FEATURE_NOT_IN_PLAN: "Not in the plan",
  ACCOUNT_SUSPENDED: "Account suspended",
};

/** Of one step on the way down. */
export const stepWords: Record<Reason, string> = {
  ...reasonWords,
  FUNDED: "Paid for the rest",
  PARTLY_FUNDED: "Paid for a part",
  EXHAUSTED: "Empty",
  NOT_APPLICABLE: "Nothing of this kind here",
  INDIVISIBLE: "Too little for all of it, and never split across sources",
  INSUFFICIENT_CREDITS: "Less than one unit costs",
};

/** Of one step of a denied request: what it could have given. */
export const deniedStepWords: Record<Reason, string> = {
  ...stepWords,
  FUNDED: "Could have paid for the rest",
  PARTLY_FUNDED: "Could have paid for a part",
};

export const postingWords: Record<BalanceUpdateKind, string> = {
  GRANT: "Granted",
  DEBIT: "Spent",
  HOLD: "Put on hold",
  HOLD_RELEASE: "Hold released",
  REFUND: "Refunded",
  EXPIRY: "Expired",
  VOID: "Voided",
  ADJUSTMENT: "Adjusted",
};

export const ledgerWords: Record<LedgerAccount, string> = {
  PURCHASES: "Purchases",
  PROMOTIONS: "Promotions",
  CONTRACTS: "Contracts",
  REVENUE: "Revenue",
  HELD: "Held",
  EXPIRED: "Expired",
  VOIDED: "Voided",
  ADJUSTMENTS: "Adjustments",
};

export const anomalyWords: Record<AnomalyKind, string> = {
  SPEND_SPIKE: "Spending far above usual",
  DENIAL_SPIKE: "Denials far above usual",
  USAGE_STOPPED: "Usage stopped",
  KEY_CONFLICTS: "Conflicting idempotency keys",
  LEDGER_MISMATCH: "Ledger does not add up",
  COUNTER_DRIFT: "Counters differ from the ledger",
  STALE_HOLDS: "Unsettled holds",
};

export const accountStatusWords: Record<AccountStatus, string> = { ACTIVE: "Active", SUSPENDED: "Suspended" };

export const periodWords: Record<CalendarPeriod, string> = { DAY: "day", WEEK: "week", MONTH: "month" };

const periodAdjectives: Record<CalendarPeriod, string> = { DAY: "daily", WEEK: "weekly", MONTH: "monthly" };

interface NamedBucket {
  kind: BucketKind;
  key: string;
  windows?: { duration: string }[];
  period?: CalendarPeriod | null;
}

/** What a person calls a bucket: "5-hour limit", "Monthly free tier", "Credits". */
export function bucketName({ kind, key, windows = [], period }: NamedBucket): string {
  if (kind === "RATE_LIMIT") {
    return windows.length > 0
      ? `${windows.map(({ duration }) => durationAdjective(duration)).join(" + ")} limit`
      : `${kindWords[kind]} ${key}`;
  }
  if (kind === "FREE_TIER") return period ? capital(`${periodAdjectives[period]} free tier`) : `${kindWords[kind]} ${key}`;
  return sourceWords[kind];
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
