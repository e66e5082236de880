import { Link } from "react-router";
import type { ReconciliationFieldsFragment } from "../../gql/graphql";

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
          {mismatches.map((mismatch, place) => (
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
    </div>
  );
}
