import { toCsv } from "../../format/csv";
import { isoIn, type Zone } from "../../format/zone";
import type { Entry } from "./LedgerTable";

/** Entries of the books as a file, one a line, with the times of a zone. */
export function ledgerCsv(entries: Entry[], zone: Zone): string {
  return toCsv(
    [
      "sequence",
      "at",
      "kind",
      "grant",
      "grant_kind",
      "denomination",
      "counter_account",
      "amount",
      "grant_balance",
      "account_balance",
      "hash",
    ],
    entries.map((entry) => [
      entry.sequence,
      isoIn(zone, entry.createdAt),
      entry.kind,
      entry.grant.id,
      entry.grant.kind,
      entry.grant.denomination,
      entry.counterAccount,
      entry.amount,
      entry.balanceAfter,
      entry.accountBalanceAfter,
      entry.hash,
    ]),
  );
}
