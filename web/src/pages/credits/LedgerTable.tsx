import { Button } from "@mantine/core";
import { formatQuantity } from "../../format/quantity";
import type { LedgerQuery } from "../../gql/graphql";
import { useWhy } from "../../parts/decisions/useWhy";
import { Amount, Credits } from "../../parts/money/Amount";
import { Moment } from "../../parts/time/Times";
import { kindWords, ledgerWords, postingWords } from "../../parts/words/words";
import css from "./Credits.module.css";

export type Entry = NonNullable<LedgerQuery["account"]>["balanceUpdates"]["edges"][number]["node"];

/** Entries, one a row, each with the balance after it. */
export function LedgerTable({ entries, accountId }: { entries: Entry[]; accountId: string }) {
  const why = useWhy();
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of ledger entries">
      <table className="table">
        <thead>
          <tr>
            <th className="number">No.</th>
            <th>When</th>
            <th>Entry</th>
            <th>Grant</th>
            <th>Against</th>
            <th className="number">Amount</th>
            <th className="number">Left in grant</th>
            <th className="number" title="All that is booked, also what starts later">
              Balance
            </th>
            <th className="act">
              <span className="unseen">Why</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => {
            const decision = entry.monetizationEvent?.usageEvent.decision;
            const unit = entry.grant.features?.[0]?.unit;
            return (
              <tr key={entry.id} className={css.grant} title={`SHA-256 ${entry.hash}`}>
                <td className="number">{formatQuantity(entry.sequence)}</td>
                <td>
                  <Moment at={entry.createdAt} seconds />
                </td>
                <td>{postingWords[entry.kind]}</td>
                <td>
                  {kindWords[entry.grant.kind]}
                  {(entry.grant.note ?? entry.grant.reference) && (
                    <span className={css.note}>{entry.grant.note ?? entry.grant.reference}</span>
                  )}
                </td>
                <td>{ledgerWords[entry.counterAccount]}</td>
                <td className={`number ${entry.amount.startsWith("-") ? css.minus : css.plus}`}>
                  <Amount amount={entry.amount} denomination={entry.grant.denomination} unit={unit} signed />
                </td>
                <td className="number">
                  <Amount amount={entry.balanceAfter} denomination={entry.grant.denomination} unit={unit} />
                </td>
                <td className="number">
                  <strong>
                    <Credits amount={entry.accountBalanceAfter} />
                  </strong>
                </td>
                <td className="act">
                  {decision && (
                    <Button
                      variant="subtle"
                      size="compact-sm"
                      onClick={() => why.open(decision.id, accountId)}
                      aria-label={`Why? ${decision.feature.name}`}
                    >
                      Why?
                    </Button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
