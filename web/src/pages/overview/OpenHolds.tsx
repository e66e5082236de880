import { withUnit } from "../../format/quantity";
import type { DecisionFilter } from "../../gql/graphql";
import { useDecisionFeed } from "../../parts/decisions/useDecisionFeed";
import { LivePaused } from "../../parts/feedback/FaultNotice";
import { Credits } from "../../parts/money/Amount";
import { Countdown, Moment } from "../../parts/time/Times";
import css from "./Overview.module.css";

const held: DecisionFilter = { status: ["HELD"] };
const most = 10;

/** What is reserved and not yet settled. */
export function OpenHolds({ accountId }: { accountId: string }) {
  const { list, fault, retry } = useDecisionFeed(accountId, held);
  if (fault) return <LivePaused fault={fault} onRetry={retry} />;
  if (!list?.length) return null;
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
              <th>Released automatically in</th>
            </tr>
          </thead>
          <tbody>
            {list.slice(0, most).map(({ node }) => (
              <tr key={node.id}>
                <td>
                  <bdi>{node.feature.name}</bdi>
                </td>
                <td>
                  <bdi>{node.userId}</bdi>
                </td>
                <td className="number">{withUnit(node.granted, node.feature.unit)}</td>
                <td className="number">
                  <Credits amount={node.charged} />
                </td>
                <td>
                  <Moment at={node.createdAt} />
                </td>
                <td>{node.holdExpiresAt ? <Countdown to={node.holdExpiresAt} done="any moment" /> : "when settled"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.length > most && <p className="muted">The ten newest are shown; all of them are under History.</p>}
    </section>
  );
}
