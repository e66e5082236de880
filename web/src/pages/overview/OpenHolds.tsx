import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { withUnit } from "../../format/quantity";
import { DecisionsDocument } from "../../gql/graphql";
import { Credits } from "../../parts/money/Amount";
import { Countdown, RelativeTime } from "../../parts/time/Times";
import css from "./Overview.module.css";

/** What is reserved and not yet settled. `stamp` changes whenever holds may have. */
export function OpenHolds({ accountId, stamp }: { accountId: string; stamp: string }) {
  const { data, reload } = useData(DecisionsDocument, { accountId, filter: { status: ["HELD"] }, first: 10 });
  useRefresh(reload, stamp);
  const edges = data?.account?.decisions.edges ?? [];
  if (edges.length === 0) return null;
  return (
    <section className={`card ${css.panel}`} aria-label="Open holds">
      <h2>Open holds</h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Table of open holds">
        <table className="table">
          <thead>
            <tr>
              <th>What</th>
              <th>Who</th>
              <th className="number">Reserved</th>
              <th className="number">Credits</th>
              <th>Since</th>
              <th>Given back in</th>
            </tr>
          </thead>
          <tbody>
            {edges.map(({ node }) => (
              <tr key={node.id}>
                <td>{node.feature.name}</td>
                <td>{node.userId}</td>
                <td className="number">{withUnit(node.granted, node.feature.unit)}</td>
                <td className="number">
                  <Credits amount={node.charged} />
                </td>
                <td>
                  <RelativeTime at={node.createdAt} />
                </td>
                <td>{node.holdExpiresAt ? <Countdown to={node.holdExpiresAt} done="any moment" /> : "when settled"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {data?.account?.decisions.pageInfo.hasNextPage && <p className="muted">The ten newest are shown; all of them are under History.</p>}
    </section>
  );
}
