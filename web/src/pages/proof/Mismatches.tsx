import { Link } from "react-router";
import { formatQuantity } from "../../format/quantity";
import type { ReconciliationFieldsFragment } from "../../gql/graphql";

/** One cause may show in thousands of places; the first of them tell what it is. */
const most = 100;

/** What the ledger says and what was found instead, a line each. */
export function Mismatches({ mismatches }: { mismatches: ReconciliationFieldsFragment["mismatches"] }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of mismatches">
      <table className="table">
        <thead>
          <tr>
            <th>Account</th>
            <th>Check</th>
            <th>Expected</th>
            <th>Found</th>
            <th>Where</th>
          </tr>
        </thead>
        <tbody>
          {mismatches.slice(0, most).map((mismatch, place) => (
            <tr key={place}>
              <td>
                <Link to={`/accounts/${encodeURIComponent(mismatch.accountId)}`}>{mismatch.accountId}</Link>
              </td>
              <td>{mismatch.check}</td>
              <td className="mono">{mismatch.expected}</td>
              <td className="mono">{mismatch.found}</td>
              <td className="mono">{mismatch.reference ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {mismatches.length > most && <p className="muted">The first {formatQuantity(most)} are shown.</p>}
    </div>
  );
}
