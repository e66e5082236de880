import { formatQuantity } from "../../format/quantity";
import type { ReconciliationFieldsFragment } from "../../gql/graphql";

/** What came of a reconciliation that is done. */
export function outcomeWords(mismatches: number): string {
  return mismatches === 0 ? "Everything adds up" : counted(mismatches, "mismatch", "mismatches");
}

/** What a reconciliation looked at: "12 accounts, 1 usage event, …". */
export function runWords(run: ReconciliationFieldsFragment): string {
  return [
    counted(run.accounts, "account"),
    counted(run.usageEvents, "usage event"),
    counted(run.monetizationEvents, "monetization event"),
    counted(run.balanceUpdates, "balance update"),
  ].join(", ");
}

function counted(count: number, what: string, several = `${what}s`): string {
  return `${formatQuantity(count)} ${count === 1 ? what : several}`;
}
