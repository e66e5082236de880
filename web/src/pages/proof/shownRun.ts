import type { ReconciliationFieldsFragment } from "../../gql/graphql";

export type Run = Pick<ReconciliationFieldsFragment, "id" | "finishedAt">;

/**
 * The run whose verdict is shown: what was verified by hand just now counts before what the server verifies by itself all
 * the time. One that took longer than its request is found in the list when it is done.
 */
export function shownRun<R extends Run>(byHand: R | undefined, rows: R[] | null): R | undefined {
  if (byHand?.finishedAt) {
    return byHand;
  }
  return byHand ? (rows?.find((row) => row.id === byHand.id) ?? byHand) : rows?.[0];
}
