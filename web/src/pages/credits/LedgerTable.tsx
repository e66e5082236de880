import { formatQuantity } from "../../format/quantity";
import type { LedgerQuery } from "../../gql/graphql";
import { useWhy } from "../../parts/decisions/useWhy";
import { Amount, Credits } from "../../parts/money/Amount";
import { Moment } from "../../parts/time/Times";
import { kindWords, ledgerWords, postingWords } from "../../parts/words/words";
import { isAdmin, useViewer } from "../../session/SessionContext";
import css from "./Credits.module.css";

export type Entry = NonNullable<LedgerQuery["account"]>["balanceUpdates"]["edges"][number]["node"];

/** Entries, one a row, each with the balance after it. */
export function LedgerTable({ entries, accountId }: { entries: Entry[]; accountId: string }) {
  const why = useWhy();
  const admin = isAdmin(useViewer());
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of ledger entries">
      <table className="table cards">
        <thead>
          <tr>
            <th>No.</th>
            <th>When</th>
            <th>Entry</th>
            <th>Grant</th>
            {admin && <th>Against</th>}
            <th className="number">Amount</th>
            <th className="number">Left in grant</th>
            <th className="number" title="All that is booked, also what starts later">
              Balance
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => {
            const decision = entry.monetizationEvent?.usageEvent.decision;
            const unit = entry.grant.features?.[0]?.unit;
            return (
              <tr key={entry.id} className={`${css.grant} ${css.entry}`} title={`SHA-256 ${entry.hash}`}>
                <td className={css.sequence}>{formatQuantity(entry.sequence)}</td>
                <td>
                  <Moment at={entry.createdAt} seconds />
                </td>
                <td>
                  {decision ? (
                    <button
                      type="button"
                      className={css.openWhy}
                      onClick={() => why.open(decision.id, accountId)}
                      aria-label={`Why? ${postingWords[entry.kind]}, ${decision.feature.name}`}
                    >
                      {postingWords[entry.kind]}
                    </button>
                  ) : (
                    postingWords[entry.kind]
                  )}
                </td>
                <td>
                  {kindWords[entry.grant.kind]}
                  {(entry.grant.note ?? entry.grant.reference) && (
                    <span className={css.note}>{entry.grant.note ?? entry.grant.reference}</span>
                  )}
                </td>
                {admin && <td data-label="Against">{ledgerWords[entry.counterAccount]}</td>}
                <td className={`number ${entry.amount.startsWith("-") ? css.minus : css.plus}`}>
                  <Amount amount={entry.amount} denomination={entry.grant.denomination} unit={unit} signed />
                </td>
                <td className="number" data-label="Left in grant">
                  <Amount amount={entry.balanceAfter} denomination={entry.grant.denomination} unit={unit} />
                </td>
                <td className="number" data-label="Balance">
                  <strong>
                    <Credits amount={entry.accountBalanceAfter} />
                  </strong>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
