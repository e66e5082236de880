import { formatQuantity } from "../../format/quantity";
import type { ReconciliationFieldsFragment } from "../../gql/graphql";

type Run = Pick<ReconciliationFieldsFragment, "accounts" | "accountsInAll" | "scope"> & { mismatches: unknown[] };

/** What came of a reconciliation that is done; of everything it speaks only where every account was proved. */
export function outcomeWords(run: Run): string {
  const faults = run.mismatches.length;
  if (faults > 0) return counted(faults, "mismatch", "mismatches");
  if (run.scope === "EVERYTHING") return "Everything adds up";
  if (run.accounts === 0) return "Nothing new to verify";
  return run.accounts === 1 ? "1 account adds up" : `${formatQuantity(run.accounts)} accounts add up`;
}

/** Which accounts it was about: "all 5,025 accounts", "8 of 5,025 accounts, those that changed". */
export function scopeWords({ accounts, accountsInAll, scope }: Pick<Run, "accounts" | "accountsInAll" | "scope">): string {
  // One that was made meanwhile may have been read too.
  const all = Math.max(accounts, accountsInAll);
  if (scope === "EVERYTHING") return all === 1 ? "the only account" : `all ${formatQuantity(all)} accounts`;
  const which = scope === "CHANGED" ? ", those that changed since the run before" : "";
  return `${formatQuantity(accounts)} of ${counted(all, "account")}${which}`;
}

/** What it read: "1 usage event, …". */
export function runWords(run: Pick<ReconciliationFieldsFragment, "usageEvents" | "monetizationEvents" | "balanceUpdates">): string {
  return [
    counted(run.usageEvents, "usage event"),
    counted(run.monetizationEvents, "monetization event"),
    counted(run.balanceUpdates, "balance update"),
  ].join(", ");
}

function counted(count: number, what: string, several = `${what}s`): string {
  return `${formatQuantity(count)} ${count === 1 ? what : several}`;
}
